// SPDX-License-Identifier: MIT
// Reads a member that is one of the words of a closed set.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "jobfile/nearest_word.hpp"
#include "jobfile/object_reader.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {

/// One of the words of a closed set.
template <class Value, std::size_t n>
Value read_word(const ObjectReader& job, std::string_view key, const std::array<std::string_view, n>& words,
                std::optional<Value> (*value_from)(std::string_view), Value usual) {
  static_assert(n >= 2);
  const std::span<const std::string_view> but_last{words.data(), n - 1};
  const std::string expected = fmt::format("\"{}\" or \"{}\"", fmt::join(but_last, "\", \""), words.back());
  const JsonValue* value = job.of_kind(key, JsonValue::Kind::string, expected);
  if (!value) return usual;
  if (const std::optional<Value> known = value_from(value->string)) return *known;
  const auto nearest = nearest_word(value->string, words);
  job.report(*value, key,
             fmt::format("\"{}\" is no such word; {}", printable(value->string, 60),
                         nearest ? fmt::format("did you mean \"{}\"?", *nearest)
                                 : fmt::format("expected {}", expected)));
  return usual;
}

}  // namespace sluice
