// SPDX-License-Identifier: MIT
// Where an order comes from that a request is.
#pragma once

#include "http_api/api_message.hpp"
#include "sluice/store/audit_log.hpp"

namespace sluice {

/// For whoever gives the order to the store: it says so there (OrderOrigin), in the call that carries it out.
inline OrderSource source_of(const ApiRequest& request) { return {request.client.origin, request.number}; }

}  // namespace sluice
