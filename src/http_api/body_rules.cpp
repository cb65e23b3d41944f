// SPDX-License-Identifier: MIT
#include "http_api/body_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "http_api/letter_case.hpp"

namespace sluice {
namespace {

constexpr std::array<std::string_view, 5> upload_types{"text/csv", "text/plain", "application/x-ndjson",
                                                       "application/json", "application/octet-stream"};

/// "text/csv; charset=utf-8" is text/csv.
std::string_view media_type(const RequestHead& head) {
  const auto found = head.headers.find("content-type");
  if (found == head.headers.end()) return {};
  std::string_view type = found->second;
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return type;
}

bool is_upload_type(std::string_view type) {
  return std::ranges::any_of(upload_types, [&](auto known) { return equals_ignoring_case(type, known); });
}

}  // namespace

std::optional<ApiAnswer> objection_to_body(const Route& route, const RequestHead& head,
                                           const ApiLimits& limits) {
  const std::string_view type = media_type(head);
  if (route.body == ApiBody::none && head.body_bytes > 0) {
    return refused({ErrorKind::usage, "this takes no body", "Leave it out."});
  }
  if (route.body == ApiBody::json && !equals_ignoring_case(type, "application/json")) {
    return refused(415, {ErrorKind::usage, "a body here is JSON and says so",
                         "Send the header Content-Type: application/json."});
  }
  if (route.body == ApiBody::upload && !is_upload_type(type)) {
    return refused(415, {ErrorKind::usage, "this kind of content is not taken",
                         "Send Content-Type: text/csv, text/plain or application/x-ndjson."});
  }
  const std::uint64_t max = route.body == ApiBody::upload ? limits.upload_bytes_max : limits.body_bytes_max;
  if (head.body_bytes <= max) return std::nullopt;
  return refused(413, {ErrorKind::usage, fmt::format("the request's body is larger than {} bytes", max),
                       route.body == ApiBody::upload ? "See api.upload_bytes_max of the configuration."
                                                     : "Long lists go to POST /api/v1/device-lists."});
}

}  // namespace sluice
