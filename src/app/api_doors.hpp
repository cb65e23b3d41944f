// SPDX-License-Identifier: MIT
// From the section "api" of the configuration to a server that listens: reads the tokens and what TLS needs.
#pragma once

#include "app/api_config.hpp"
#include "http_api/api_server.hpp"
#include "sluice/core/result.hpp"

namespace sluice {

/// Who may come over TCP. To be read again when the configuration is, for tokens and certificates.
/// Fails: invalid_input or unauthorized, if a file is wrong or somebody else could read or change it.
Result<ApiAccess> read_api_access(const ApiConfig& config);

/// Reads the access and listens at every address. Fails: as that, or refused, if an address is taken.
Result<void> open_api_doors(ApiServer& server, const ApiConfig& config);

}  // namespace sluice
