// SPDX-License-Identifier: MIT
// The head of an HTTP/1.1 request, read so strictly that nobody in between can have read it otherwise: what
// two readers could take for two different requests (RFC 9112, 11.2) is refused, and the connection with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "http_api/api_message.hpp"

namespace sluice {

struct RequestHead {
  std::string method;  ///< capital letters
  std::string target;  ///< begins with '/'; visible ASCII
  std::string host;
  ApiParameters headers;  ///< names in lower case; without credentials. Of one that is repeated, the last
  std::optional<std::string> authorization;
  std::uint64_t body_bytes = 0;  ///< as Content-Length says
  bool keeps_open = true;
  bool expects_continue = false;  ///< sends no body until it is told to
};

/// Where the head ends that `bytes` begins with, the blank line included; 0: more is to come. A byte that no
/// head can have is told at once, without waiting for an end.
std::variant<std::size_t, ApiAnswer> end_of_head(std::string_view bytes);

/// @param bytes up to the end of the head
std::variant<RequestHead, ApiAnswer> read_request_head(std::string_view bytes);

}  // namespace sluice
