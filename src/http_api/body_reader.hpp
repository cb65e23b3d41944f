// SPDX-License-Identifier: MIT
// Reads the JSON body of a request, member by member: unknown and repeated members are refused, and so is
// what does not fit, with its place.
#pragma once

#include <type_traits>

#include "http_api/api_message.hpp"
#include "jobfile/object_reader.hpp"
#include "sluice/jobfile/json_document.hpp"

namespace sluice {

inline constexpr JsonLimits body_limits{.bytes_max = std::size_t{1024} * 1024, .depth_max = 32};

/// What `read` makes of the body's ObjectReader; a body that is missing is an empty object.
/// Fails: invalid_input, with all findings.
template <class Read>
Result<std::invoke_result_t<Read, const ObjectReader&>> read_body(const ApiRequest& request,
                                                                  const ObjectKeys& keys, Read read) {
  const bool is_missing = request.body.find_first_not_of(" \t\r\n") == request.body.npos;
  const Result<JsonDocument> body =
      JsonDocument::parse("request body", is_missing ? "{}" : request.body, body_limits);
  if (body.has_error()) return body.error();
  Findings findings{*body};
  if (body->root().kind != JsonValue::Kind::object) {
    findings.add(body->root().begin, "", "expected an object");
  } else {
    const ObjectReader reader{body->root(), "", keys, findings};
    std::invoke_result_t<Read, const ObjectReader&> content = read(reader);
    if (findings.empty()) return content;
  }
  Error error = findings.to_error();
  error.hint = "Correct the request's body.";
  return error;
}

}  // namespace sluice
