// SPDX-License-Identifier: MIT
// A request as the bytes that go over the wire.
#pragma once

#include <string>

#include "sluice/transport/http_message.hpp"
#include "sluice/transport/https.hpp"

namespace sluice {

/// "host" or "host:port", brackets around IPv6; the port only where it is not the scheme's own.
std::string host_header(const Endpoint& endpoint);

/// "host:port" for messages to people, the port always there.
std::string display_name(const Endpoint& endpoint);

/// The whole request. Throws std::invalid_argument where a part would break out of its line, or a header is
/// one that only the transport may set: both are mistakes of ours, and a request that says something else
/// than what was signed must not go out.
std::string request_text(const HttpRequest& request, const Endpoint& endpoint);

}  // namespace sluice
