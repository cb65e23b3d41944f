// SPDX-License-Identifier: MIT
#include "http_api/api_permit.hpp"

#include <algorithm>
#include <string>

namespace sluice {
namespace {

/// No two tokens have one name.
std::optional<ApiToken> token_named(const ApiAccess& access, const std::string& name) {
  const auto found = std::ranges::find(access.tokens.all(), name, &ApiToken::name);
  if (found == access.tokens.all().end()) return std::nullopt;
  return *found;
}

}  // namespace

ApiPermit::ApiPermit(const ApiClient& client, ApiScope needed, const ApiAccess& access)
    : kind_(client.kind), needed_(needed) {
  if (kind_ == ApiClient::Kind::token) token_ = token_named(access, client.name);
}

bool ApiPermit::holds(const ApiAccess& access, UtcTime now) const {
  if (kind_ == ApiClient::Kind::unix_user || needed_ == ApiScope::none) return true;
  if (kind_ == ApiClient::Kind::anonymous) return access.anonymous >= needed_;
  if (!token_) return false;
  const std::optional<ApiToken> token = token_named(access, token_->name);
  if (!token || token->digest != token_->digest || token->scope < needed_) return false;
  return !token->expires || *token->expires > now;
}

}  // namespace sluice
