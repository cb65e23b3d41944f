// SPDX-License-Identifier: MIT
#include "jobfile/zone_reader.hpp"

#include <fmt/format.h>

#include <vector>

#include "jobfile/nearest_word.hpp"
#include "sluice/core/time_zones.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

std::string unknown_zone(std::string_view zone) {
  const std::vector<std::string> names = zone_names();
  if (names.empty()) return "this machine knows no time zones; expected the package tzdata to be installed";
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  const auto nearest = nearest_word(zone, candidates);
  return fmt::format(
      "\"{}\" is no time zone; {}", printable(zone, 60),
      nearest ? fmt::format("did you mean \"{}\"?", *nearest) : fmt::format("expected {}", zone_in_words));
}

}  // namespace

std::string read_zone(const ObjectReader& object) {
  const JsonValue* zone = object.of_kind("zone", JsonValue::Kind::string, zone_in_words);
  if (!zone) return {};
  if (!is_known_zone(zone->string)) object.report(*zone, "zone", unknown_zone(zone->string));
  return zone->string;
}

}  // namespace sluice
