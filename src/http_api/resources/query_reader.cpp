// SPDX-License-Identifier: MIT
#include "http_api/resources/query_reader.hpp"

#include <fmt/format.h>

#include <charconv>

#include "sluice/jobfile/device_name.hpp"
#include "sluice/store/pages.hpp"

namespace sluice {
namespace {

constexpr std::int64_t limit_unless_said = 100;

}  // namespace

std::size_t QueryReader::limit() {
  return static_cast<std::size_t>(
      number("limit", 1, static_cast<std::int64_t>(page_rows_max)).value_or(limit_unless_said));
}

std::optional<Cursor> QueryReader::cursor(std::string_view list, std::size_t numbers) {
  return word(
      "cursor", [&](std::string_view given) { return cursor_from(given, list, numbers); },
      "the `next` of a page before, unchanged");
}

std::optional<std::string> QueryReader::text(std::string_view key) const {
  const std::optional<std::string_view> given = request_.query_value(key);
  if (!given) return std::nullopt;
  return std::string{*given};
}

std::optional<std::int64_t> QueryReader::number(std::string_view key, std::int64_t least, std::int64_t most) {
  return word(
      key,
      [least, most](std::string_view digits) -> std::optional<std::int64_t> {
        std::int64_t number = 0;
        const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
        const bool fits = problem == std::errc{} && end == digits.data() + digits.size() && number >= least &&
                          number <= most;
        return fits ? std::optional{number} : std::nullopt;
      },
      fmt::format("a whole number from {} to {}", least, most));
}

std::optional<bool> QueryReader::truth(std::string_view key) {
  const auto from = [](std::string_view given) -> std::optional<bool> {
    if (given == "true") return true;
    if (given == "false") return false;
    return std::nullopt;
  };
  return word(key, from, "true, false");
}

void QueryReader::refuse(std::string_view key, std::string_view given, std::string_view expected) {
  add({ErrorKind::usage, fmt::format("{}={} does not fit", key, printable(given, 64)),
       fmt::format("Expected: {}.", expected)});
}

}  // namespace sluice
