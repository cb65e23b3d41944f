// SPDX-License-Identifier: MIT
// "did you mean …": the word that a mistyped one was most likely meant to be.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace sluice {

/// The candidate with the fewest typing errors (letters missing, added, wrong or swapped; case does not
/// count), if there are few enough for its length; of equally near ones the first.
std::optional<std::string_view> nearest_word(std::string_view typed,
                                             std::span<const std::string_view> candidates);

}  // namespace sluice
