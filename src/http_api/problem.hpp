// SPDX-License-Identifier: MIT
// An Error as an answer of the API: RFC 9457, "problem details".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/core/result.hpp"

namespace sluice {

inline constexpr std::string_view problem_content_type = "application/problem+json";

/// {"schema_version":1,"type","title","status","detail","instance","code","hint"} and a line end; a detail of
/// several lines is also there line by line, as "details".
/// @param instance what the log calls this answer
/// @param devices where an order is refused for their number: how many it has; a member of that name
std::string problem_json(int status, const Error& error, std::string_view instance,
                         std::optional<std::int64_t> devices = std::nullopt);

/// The error again; `unexpected` if the text is no problem of ours. What it says is made printable.
Error error_from_problem(std::string_view text);

/// The member "devices" again; absent, too, if the text is no problem of ours.
std::optional<std::int64_t> devices_from_problem(std::string_view text);

}  // namespace sluice
