// SPDX-License-Identifier: MIT
// Text → tree of JsonValue with offsets. Boost.JSON decides what is JSON; this cuts the text into slices at
// whose ends its events are known to fire, and finds the words for what is wrong.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

#include "sluice/jobfile/json_document.hpp"

namespace sluice {

struct JsonRules {
  std::size_t depth_max = 32;
  bool relaxed = true;  ///< comments and trailing commas are allowed
};

/// The first thing that makes a text unreadable.
struct JsonFault {
  std::size_t offset = 0;
  std::string text;  ///< what is wrong, what is expected; printable
};

/// Reads one JSON value, which must be all there is but blanks (and comments, if `relaxed`).
/// @param text UTF-8 without a byte order mark; invalid UTF-8 and NUL are faults
std::variant<JsonValue, JsonFault> read_json(std::string_view text, const JsonRules& rules);

}  // namespace sluice
