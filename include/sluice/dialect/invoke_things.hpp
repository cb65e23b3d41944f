// SPDX-License-Identifier: MIT
// Dialect: the batch call InvokeThingsService of Alibaba Cloud's IoT platform, asked and answered.
// Values and pure functions: the same inputs always give the same bytes, which identical replays rely on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sluice/core/job.hpp"
#include "sluice/core/outcome.hpp"
#include "sluice/core/time.hpp"
#include "sluice/dialect/credentials.hpp"
#include "sluice/dialect/outcome_codes.hpp"
#include "sluice/transport/http_message.hpp"

namespace sluice {

/// How a tenant's endpoint wants to be spoken to.
struct InvokeThingsDialect {
  std::string action = "InvokeThingsService";
  std::string version = "2018-01-20";
  std::string region = "cn-shanghai";
  std::string format = "JSON";        ///< or "XML"
  std::string target = "/";           ///< path of the endpoint
  std::vector<CodeRule> extra_codes;  ///< looked at before the built-in table

  bool operator==(const InvokeThingsDialect&) const = default;
};

/// What makes one request different from the next of the same chunk. Kept with the attempt; holds no secret.
struct RequestStamp {
  std::string nonce;      ///< 128 bits in hexadecimal, never the same twice
  std::string timestamp;  ///< to_iso_seconds

  bool operator==(const RequestStamp&) const = default;
};

/// The signed POST with everything in its form body. @param devices 1 … 100 names
HttpRequest build_request(const InvokeThingsDialect& dialect, const Call& call,
                          const std::vector<std::string_view>& devices, const Credentials& credentials,
                          const RequestStamp& stamp);

/// SHA-256 of endpoint, method, target and body in lower-case hexadecimal: proves that a rebuilt request is
/// the same one and goes to the same place. Another endpoint need not know the nonces of the first.
std::string request_digest(std::string_view endpoint, const HttpRequest& request);

/// The largest that the body of a request for these devices can get: exact but for the signature's own
/// escapes.
/// @param names_encoded_size sum of percent_encoded_size over the names
std::size_t body_size_bound(const InvokeThingsDialect& dialect, const Call& call, std::size_t device_count,
                            std::size_t names_encoded_size, const Credentials& credentials);

/// What a complete answer means. @param now for a Retry-After that is given as a date
Outcome classify(const InvokeThingsDialect& dialect, const HttpResponse& response, UtcTime now);

/// What a failure of the transport means: `silent` if something may have arrived, else `unavailable`
/// (a wrong certificate: `blocked`).
Outcome classify(const TransportFailure& failure);

}  // namespace sluice
