// SPDX-License-Identifier: MIT
// The bodies that the cloud answers with, in JSON, XML and HTML. Pure.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "request_checks.hpp"

namespace sluice::simulator {

enum class Format { json, xml };

/// What the server does about a request, once it is decided.
enum class Delivery {
  complete,   ///< the whole answer
  truncated,  ///< all headers, half of the body, then the connection ends
  reset,      ///< no answer, the connection is reset
  stall,      ///< no answer, the connection stays open till the client leaves
};

struct Answer {
  Delivery delivery = Delivery::complete;
  int http_status = 200;
  std::vector<std::pair<std::string, std::string>> headers;  ///< all but Content-Length and Connection
  std::string body;
};

/// Success: true, with the empty Code that other operations of the product show too.
Answer success_answer(Format format, std::string_view action, const std::string& request_id);

/// By the refusal's status the gateway's shape (RequestId, HostId, Code, Message, Recommend) or the
/// product's.
Answer refusal_answer(Format format, std::string_view action, const std::string& request_id,
                      const std::string& host, const Refusal& refusal);

/// A page of the front end, such as "502 Bad Gateway".
Answer html_answer(int http_status, std::string_view title);

/// A complete answer with status 200 whose body is neither JSON nor XML.
Answer garbage_answer(Format format);

/// "Tue, 02 Jan 2024 03:04:05 GMT"
std::string http_date(std::chrono::sys_time<std::chrono::seconds> time);

}  // namespace sluice::simulator
