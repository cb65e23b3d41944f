// SPDX-License-Identifier: MIT
// Who may come over TCP, and as whom. Can be replaced while the server runs.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "http_api/api_message.hpp"
#include "http_api/api_tokens.hpp"

namespace sluice {

struct ApiAccess {
  ApiTokens tokens;
  ApiScope anonymous = ApiScope::none;  ///< of whoever shows no token, if he is on this machine
  std::shared_ptr<boost::asio::ssl::context> tls;
};

}  // namespace sluice
