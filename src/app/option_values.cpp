// SPDX-License-Identifier: MIT
#include "app/option_values.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string>

#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

template <class Number>
std::optional<Number> parsed(std::string_view text) {
  Number value{};
  const char* const end = text.data() + text.size();
  const auto [stopped_at, problem] = std::from_chars(text.data(), end, value);
  if (problem != std::errc{} || stopped_at != end) return std::nullopt;
  return value;
}

template <class Number>
Result<Number> between(std::string_view source, std::string_view text, Number least, Number most,
                       std::string_view what) {
  const std::optional<Number> value = parsed<Number>(text);
  // Written so that "not a number" is refused too.
  if (value && *value >= least && *value <= most) return *value;
  return Error{ErrorKind::usage,
               fmt::format("{}: expected {} between {} and {}", printable(source, 128), what, least, most),
               "Give such a number, or leave it out."};
}

}  // namespace

Result<double> number_between(std::string_view source, std::string_view text, double least, double most) {
  return between(source, text, least, most, "a number");
}

Result<std::int64_t> whole_number_between(std::string_view source, std::string_view text, std::int64_t least,
                                          std::int64_t most) {
  return between(source, text, least, most, "a whole number");
}

}  // namespace sluice
