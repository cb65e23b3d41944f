// SPDX-License-Identifier: MIT
// A time as a member of a JSON object: RFC 3339, or null.
#pragma once

#include <optional>
#include <string_view>

#include "http_api/json_text.hpp"
#include "sluice/core/time.hpp"

namespace sluice {

inline void write_time(JsonText& json, std::string_view name, const std::optional<UtcTime>& time) {
  json.key(name);
  time ? json.value(to_rfc3339(*time)) : json.null();
}

}  // namespace sluice
