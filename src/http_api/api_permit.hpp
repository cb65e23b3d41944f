// SPDX-License-Identifier: MIT
// What somebody was let in by. An answer that takes its time goes on only as long as that holds: a token that
// is revoked, replaced or expired, or a configuration that no longer lets everybody look, ends it. Pure.
#pragma once

#include <optional>

#include "http_api/api_access.hpp"
#include "http_api/api_message.hpp"
#include "http_api/api_tokens.hpp"
#include "sluice/core/time.hpp"

namespace sluice {

class ApiPermit {
 public:
  /// @param client as he was let in just now, by `access` @param needed what he asked for takes that
  ApiPermit(const ApiClient& client, ApiScope needed, const ApiAccess& access);

  bool holds(const ApiAccess& access, UtcTime now) const;

 private:
  ApiClient::Kind kind_;
  ApiScope needed_;
  std::optional<ApiToken> token_;
};

}  // namespace sluice
