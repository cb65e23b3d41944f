// SPDX-License-Identifier: MIT
// One HTTP exchange as plain values, so that nobody above the transport needs to know Beast.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace sluice {

/// A complete request but for Host, Content-Length and Connection, which the transport adds.
struct HttpRequest {
  std::string method = "POST";
  std::string target = "/";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  bool operator==(const HttpRequest&) const = default;
};

struct HttpResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

/// The first header of that name, whatever its case.
std::optional<std::string_view> find_header(const HttpResponse& response, std::string_view name);

enum class FailureKind {
  stopped,      ///< the gate refused: we are shutting down; nothing was sent
  resolve,      ///< the host name has no address
  connect,      ///< no address took the connection
  exhausted,    ///< this machine has no descriptor or port left for a connection
  certificate,  ///< TLS: the peer is not who it should be
  weak_tls,     ///< TLS: the peer knows only versions or ciphers that are not safe
  tls,          ///< TLS: the handshake failed otherwise
  timeout,      ///< a deadline passed
  broken,       ///< reset, closed or truncated
  unreadable,   ///< what came is no HTTP answer, or too large
};

std::string_view to_string(FailureKind kind);

struct TransportFailure {
  FailureKind kind = FailureKind::broken;
  bool may_have_arrived = false;  ///< false only if not one byte of the request was handed to the connection
  std::string message;            ///< for people; may quote the peer, so it is untrusted text
};

using Reply = std::variant<HttpResponse, TransportFailure>;

}  // namespace sluice
