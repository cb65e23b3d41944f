// SPDX-License-Identifier: MIT
#include "jobfile/zone_reader.hpp"

#include <fmt/format.h>

#include <vector>

#include "jobfile/nearest_word.hpp"
#include "sluice/core/time_zones.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {

std::string zone_fault(std::string_view zone) {
  if (is_known_zone(zone)) return {};
  const std::vector<std::string> names = zone_names();
  if (names.empty()) return "this machine knows no time zones; expected the package tzdata to be installed";
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  const auto nearest = nearest_word(zone, candidates);
  return fmt::format(
      "\"{}\" is no time zone; {}", printable(zone, 60),
      nearest ? fmt::format("did you mean \"{}\"?", *nearest) : fmt::format("expected {}", zone_in_words));
}

std::string read_zone(const ObjectReader& object) {
  const JsonValue* zone = object.of_kind("zone", JsonValue::Kind::string, zone_in_words);
  if (!zone) return {};
  if (const std::string fault = zone_fault(zone->string); !fault.empty()) object.report(*zone, "zone", fault);
  return zone->string;
}

}  // namespace sluice
