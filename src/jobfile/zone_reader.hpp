// SPDX-License-Identifier: MIT
// Reads the name of a time zone.
#pragma once

#include <string>
#include <string_view>

#include "jobfile/object_reader.hpp"

namespace sluice {

inline constexpr std::string_view zone_in_words = "the name of a time zone, for example \"Asia/Shanghai\"";

/// What is wrong with the name, and what to write instead; printable. Empty: nothing.
std::string zone_fault(std::string_view zone);

/// The member "zone", if it is there; reported unless this machine knows it.
std::string read_zone(const ObjectReader& object);

}  // namespace sluice
