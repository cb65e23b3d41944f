// SPDX-License-Identifier: MIT
// Which of two texts comes first, as numbers or as versions.
#pragma once

#include <compare>
#include <string_view>

namespace sluice {

/// An optional sign, digits with at most one dot among or before them, and an exponent: 10, -0.5, +1e3, .5
bool is_number(std::string_view text);

/// Both must be numbers. Whole numbers are compared exactly, others as the nearest doubles.
std::weak_ordering compare_numbers(std::string_view a, std::string_view b);

/// If both are numbers with dots (2.10.0): part by part as whole numbers of any length, fewer parts first,
/// and what is the same but for leading zeros by its bytes. Else by their bytes. Equal texts alone are
/// equivalent.
std::weak_ordering compare_texts(std::string_view a, std::string_view b);

}  // namespace sluice
