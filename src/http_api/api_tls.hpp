// SPDX-License-Identifier: MIT
// What the server needs to speak TLS.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string_view>

#include "sluice/core/result.hpp"
#include "sluice/dialect/credentials.hpp"

namespace sluice {

/// TLS 1.2 or later, without compression or renegotiation.
/// @param certificate_pem the server's certificate and, behind it, those between it and the root
/// Fails: invalid_input, if either is unreadable or they do not belong together.
Result<std::shared_ptr<boost::asio::ssl::context>> server_tls_context(std::string_view certificate_pem,
                                                                      const Secret& key_pem);

}  // namespace sluice
