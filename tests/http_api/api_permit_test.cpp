// SPDX-License-Identifier: MIT
#include "http_api/api_permit.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

namespace sluice::tests {
namespace {

using namespace std::chrono_literals;

constexpr UtcTime now{1'000'000s};

ApiAccess access_with(const std::string& token, ApiScope scope, std::optional<UtcTime> expires = {}) {
  return {.tokens = ApiTokens{{{"ci", scope, digest_of(token), expires}}}};
}

ApiClient client_of(ApiClient::Kind kind, ApiScope scope) {
  return {.kind = kind, .name = "ci", .scope = scope, .origin = "192.0.2.1"};
}

}  // namespace

TEST_CASE("api permit: it holds as long as the same token is there and opens as much") {
  const ApiAccess access = access_with("a", ApiScope::operate);
  const ApiPermit permit{client_of(ApiClient::Kind::token, ApiScope::operate), ApiScope::operate, access};

  CHECK(permit.holds(access, now));
  CHECK(permit.holds(access_with("a", ApiScope::admin), now));
  CHECK_FALSE(permit.holds({}, now));
  CHECK_FALSE(permit.holds(access_with("another", ApiScope::admin), now));
  CHECK_FALSE(permit.holds(access_with("a", ApiScope::read), now));
}

TEST_CASE("api permit: it ends when the token expires, also by a line that was changed meanwhile") {
  const ApiAccess access = access_with("a", ApiScope::read, now + 1h);
  const ApiPermit permit{client_of(ApiClient::Kind::token, ApiScope::read), ApiScope::read, access};

  CHECK(permit.holds(access, now + 1h - 1us));
  CHECK_FALSE(permit.holds(access, now + 1h));
  CHECK_FALSE(permit.holds(access_with("a", ApiScope::read, now + 1s), now + 2s));
}

TEST_CASE(
    "api permit: who came without a token goes when nobody may look any more, a user of the machine never") {
  const ApiAccess open{.anonymous = ApiScope::read};
  const ApiPermit nobody{client_of(ApiClient::Kind::anonymous, ApiScope::read), ApiScope::read, open};
  const ApiPermit user{client_of(ApiClient::Kind::unix_user, ApiScope::admin), ApiScope::admin, open};

  CHECK(nobody.holds(open, now));
  CHECK_FALSE(nobody.holds({}, now));
  CHECK(user.holds({}, now));
}

}  // namespace sluice::tests
