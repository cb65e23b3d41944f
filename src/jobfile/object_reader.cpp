// SPDX-License-Identifier: MIT
#include "jobfile/object_reader.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>
#include <utility>

#include "jobfile/duration_text.hpp"
#include "jobfile/nearest_word.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

constexpr std::size_t shown_text_max = 60;

bool contains(std::span<const std::string_view> keys, std::string_view key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

std::string advice_for_unknown(std::string_view key, const ObjectKeys& keys) {
  if (contains(keys.later, key)) return "not supported by this version of sluice; expected to be left out";
  if (const auto nearest = nearest_word(key, keys.known)) {
    return fmt::format("unknown key; did you mean \"{}\"?", *nearest);
  }
  return fmt::format("unknown key; expected one of {}", fmt::join(keys.known, ", "));
}

std::string whole_in_words(std::int64_t min, std::int64_t max) {
  return fmt::format("a whole number from {} to {}", min, max);
}

}  // namespace

std::string_view in_words(JsonValue::Kind kind) {
  switch (kind) {
    case JsonValue::Kind::null:
      return "null";
    case JsonValue::Kind::boolean:
      return "true or false";
    case JsonValue::Kind::number:
      return "a number";
    case JsonValue::Kind::string:
      return "text";
    case JsonValue::Kind::array:
      return "a list";
    case JsonValue::Kind::object:
      return "an object";
  }
  return "something else";
}

std::string field_path(std::string_view path, std::string_view key) {
  const std::string shown = printable(key, shown_text_max);
  return path.empty() ? shown : fmt::format("{}.{}", path, shown);
}

void report_duplicates(const JsonValue& object, std::string_view path, Findings& findings) {
  std::unordered_map<std::string_view, std::size_t> first_places;
  for (const JsonValue::Member& member : object.members) {
    const auto [first, is_new] = first_places.emplace(member.name, member.name_begin);
    if (is_new) continue;
    findings.add(member.name_begin, field_path(path, member.name),
                 fmt::format("duplicate key, first given at {}; expected once",
                             findings.place_in_words(first->second)));
  }
}

ObjectReader::ObjectReader(const JsonValue& object, std::string path, const ObjectKeys& keys,
                           Findings& findings)
    : object_(object), path_(std::move(path)), findings_(findings) {
  report_unknown(keys);
  report_duplicates(object_, path_, findings_);
}

void ObjectReader::report_unknown(const ObjectKeys& keys) const {
  for (const JsonValue::Member& member : object_.members) {
    if (contains(keys.known, member.name)) continue;
    findings_.add(member.name_begin, field(member.name), advice_for_unknown(member.name, keys));
  }
}

void ObjectReader::report(const JsonValue& value, std::string_view key, std::string text) const {
  findings_.add(value.begin, field(key), std::move(text));
}

void ObjectReader::require(std::string_view key, std::string_view expected) const {
  if (find(key)) return;
  findings_.add(object_.begin, field(key), fmt::format("missing; expected {}", expected));
}

const JsonValue* ObjectReader::of_kind(std::string_view key, JsonValue::Kind kind,
                                       std::string_view expected) const {
  const JsonValue* value = find(key);
  if (!value || value->kind == kind) return value;
  report(*value, key,
         fmt::format("{} where something else belongs; expected {}", in_words(value->kind), expected));
  return nullptr;
}

std::optional<std::string> ObjectReader::text(std::string_view key, bool (*fits)(std::string_view),
                                              std::string_view expected) const {
  const JsonValue* value = of_kind(key, JsonValue::Kind::string, expected);
  if (!value) return std::nullopt;
  if (fits(value->string)) return value->string;
  report(*value, key,
         fmt::format("\"{}\" does not fit; expected {}", printable(value->string, shown_text_max), expected));
  return std::nullopt;
}

std::optional<std::int64_t> ObjectReader::whole_number(std::string_view key, std::int64_t min,
                                                       std::int64_t max) const {
  const JsonValue* value = of_kind(key, JsonValue::Kind::number, whole_in_words(min, max));
  if (!value) return std::nullopt;
  return whole_number_of(*value, key, min, max);
}

std::optional<std::int64_t> ObjectReader::whole_number_of(const JsonValue& value, std::string_view key,
                                                          std::int64_t min, std::int64_t max) const {
  const std::string_view spelled = findings_.document().text_of(value);
  std::int64_t whole = 0;
  const auto [end, failure] = std::from_chars(spelled.data(), spelled.data() + spelled.size(), whole);
  const bool is_whole = failure == std::errc{} && end == spelled.data() + spelled.size();
  if (is_whole && whole >= min && whole <= max) return whole;
  report(value, key,
         fmt::format("{} does not fit; expected {}", printable(spelled, shown_text_max),
                     whole_in_words(min, max)));
  return std::nullopt;
}

std::optional<double> ObjectReader::number(std::string_view key, double min, double max) const {
  const std::string expected = fmt::format("a number from {} to {}", min, max);
  const JsonValue* value = of_kind(key, JsonValue::Kind::number, expected);
  if (!value) return std::nullopt;
  if (value->number >= min && value->number <= max) return value->number;
  const std::string_view spelled = findings_.document().text_of(*value);
  report(*value, key,
         fmt::format("{} does not fit; expected {}", printable(spelled, shown_text_max), expected));
  return std::nullopt;
}

std::optional<bool> ObjectReader::boolean(std::string_view key) const {
  const JsonValue* value = of_kind(key, JsonValue::Kind::boolean, "true or false");
  return value ? std::optional(value->boolean) : std::nullopt;
}

std::optional<std::chrono::milliseconds> ObjectReader::duration(std::string_view key) const {
  constexpr std::string_view expected =
      "a duration such as \"500ms\", \"60s\", \"15m\", \"6h\" or \"2d\", at most 9999h or 999d";
  const auto fits = [](std::string_view written) { return parse_duration(written).has_value(); };
  const std::optional<std::string> written = text(key, fits, expected);
  if (!written) return std::nullopt;
  return parse_duration(*written);
}

}  // namespace sluice
