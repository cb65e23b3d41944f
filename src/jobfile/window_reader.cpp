// SPDX-License-Identifier: MIT
#include "jobfile/window_reader.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobfile/object_reader.hpp"
#include "jobfile/zone_reader.hpp"
#include "sluice/core/window_rules.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

constexpr std::string_view span_in_words = "two times of day, for example \"01:00-05:00\"";

/// "05:00-05:00": nobody can say whether it was meant to be no time or the whole day.
bool is_same_twice(std::string_view span) {
  const std::size_t dash = span.find('-');
  return dash != std::string_view::npos && span.substr(0, dash) == span.substr(dash + 1);
}

std::string unreadable_span(const JsonValue& value) {
  if (value.kind != JsonValue::Kind::string)
    return fmt::format("{} where a span belongs; expected {}", in_words(value.kind), span_in_words);
  const std::string shown = printable(value.string, 60);
  if (is_same_twice(value.string))
    return fmt::format(
        "\"{}\" has no length; expected an end after its beginning (the whole day is \"00:00-24:00\")",
        shown);
  return fmt::format("\"{}\" does not fit; expected {}, from 00:00 to 24:00", shown, span_in_words);
}

std::vector<DailySpan> read_spans(const JsonValue& list, const ObjectReader& window) {
  std::vector<DailySpan> spans;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < list.elements.size(); ++i) {
    const JsonValue& element = list.elements[i];
    const bool is_text = element.kind == JsonValue::Kind::string;
    const std::optional<DailySpan> span = is_text ? parse_daily_span(element.string) : std::nullopt;
    const std::string field = fmt::format("allow[{}]", i);
    if (!span) {
      window.report(element, field, unreadable_span(element));
      continue;
    }
    for (std::size_t earlier = 0; earlier < spans.size(); ++earlier) {
      if (!overlap(spans[earlier], *span)) continue;
      window.report(element, field,
                    fmt::format("{} overlaps with allow[{}], {}; expected spans that at most touch",
                                to_string(*span), places[earlier], to_string(spans[earlier])));
      break;
    }
    spans.push_back(*span);
    places.push_back(i);
  }
  return spans;
}

}  // namespace

SendWindow read_window(const JsonValue& value, Findings& findings) {
  const ObjectReader reader(value, "window", job_keys::window, findings);
  constexpr std::string_view expected = "a list of spans such as [\"01:00-05:00\"]";
  reader.require("zone", zone_in_words);
  SendWindow window{.zone = read_zone(reader), .allow = {}};
  reader.require("allow", expected);
  if (const auto* list = reader.of_kind("allow", JsonValue::Kind::array, expected)) {
    window.allow = read_spans(*list, reader);
    if (list->elements.empty()) {
      reader.report(*list, "allow",
                    "the list is empty, so nothing would ever be sent; expected at least one span");
    }
  }
  return window;
}

}  // namespace sluice
