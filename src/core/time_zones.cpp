// SPDX-License-Identifier: MIT
#include "sluice/core/time_zones.hpp"

#include <date/tz.h>

#include <algorithm>
#include <exception>

namespace sluice {

std::vector<std::string> zone_names() {
  std::vector<std::string> names;
  try {
    for (const date::time_zone& zone : date::get_tzdb().zones) {
      if (zone.name() != "localtime") names.push_back(zone.name());
    }
  } catch (const std::exception&) {
    // A machine without the database knows no zone, and whoever asks for one is told so.
    names.clear();
  }
  return names;
}

bool is_known_zone(std::string_view name) {
  static const std::vector<std::string> known = zone_names();
  return std::ranges::binary_search(known, name, {},
                                    [](const std::string& zone) -> std::string_view { return zone; });
}

}  // namespace sluice
