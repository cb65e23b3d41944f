// SPDX-License-Identifier: MIT
// Who a client is: over the unix socket by what the kernel says of him, over TCP by his token.
#pragma once

#include <optional>
#include <variant>

#include "http_api/api_common.hpp"
#include "http_api/api_message.hpp"
#include "http_api/api_peer.hpp"
#include "http_api/request_head.hpp"

namespace sluice {

/// Absent: he may ask. On the unix socket only this process's own user and root may.
std::optional<ApiAnswer> objection_to_peer(const ApiPeer& peer);

/// The client that a request of this peer's comes from; or why it is taken from nobody, which counts as a
/// failure of his and is told.
std::variant<ApiClient, ApiAnswer> client_of(const RequestHead& head, const ApiPeer& peer, ApiCommon& common);

}  // namespace sluice
