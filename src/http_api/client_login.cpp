// SPDX-License-Identifier: MIT
#include "http_api/client_login.hpp"

#include <unistd.h>

#include <string_view>
#include <utility>

#include "http_api/letter_case.hpp"

namespace sluice {
namespace {

constexpr std::string_view bearer = "bearer ";
constexpr std::size_t token_bytes_max = 512;

bool is_allowed(const SocketPeer& peer) { return peer.user == ::geteuid() || peer.user == 0; }

/// The token that is presented; absent: something else is.
std::optional<std::string_view> token_in(std::string_view authorization) {
  if (authorization.size() <= bearer.size() || authorization.size() > bearer.size() + token_bytes_max) {
    return std::nullopt;
  }
  if (!equals_ignoring_case(authorization.substr(0, bearer.size()), bearer)) return std::nullopt;
  return authorization.substr(bearer.size());
}

ApiAnswer login_failure(const RequestHead& head, const ApiPeer& peer, ApiCommon& common) {
  Error error{ErrorKind::unauthorized, "the token is none that is known here",
              "`sluice token new` makes one; the operator puts its line into the tokens file."};
  if (!common.guard.take_failure(peer.origin, common.clock.steady_now())) {
    error.message = "too many wrong tokens";
    error.hint = "Wait a second.";
    return refused(429, std::move(error), {{"Retry-After", "1"}});
  }
  common.tell({.kind = ApiIncident::Kind::login_failed,
               .instance = {},
               .origin = peer.origin,
               .target = head.target,
               .error = error});
  return refused(401, std::move(error),
                 {{"WWW-Authenticate", "Bearer realm=\"sluice\", error=\"invalid_token\""}});
}

ApiClient unix_user(const ApiPeer& peer, const ApiCommon& common) {
  return {.kind = ApiClient::Kind::unix_user,
          .name = common.surroundings.name_of(peer.process->user),
          .scope = ApiScope::admin,
          .origin = peer.origin,
          .user = peer.process->user,
          .process = peer.process->process};
}

}  // namespace

std::optional<ApiAnswer> objection_to_peer(const ApiPeer& peer) {
  if (!peer.is_local() || (peer.process && is_allowed(*peer.process))) return std::nullopt;
  return refused(
      {ErrorKind::unauthorized, "this process takes commands from its own user and root alone", ""});
}

std::variant<ApiClient, ApiAnswer> client_of(const RequestHead& head, const ApiPeer& peer,
                                             ApiCommon& common) {
  if (peer.is_local()) return unix_user(peer, common);
  if (!head.authorization) {
    return ApiClient{.name = "anonymous",
                     .scope = peer.is_loopback ? common.access.anonymous : ApiScope::none,
                     .origin = peer.origin};
  }
  const std::optional<std::string_view> presented = token_in(*head.authorization);
  // Whatever is presented takes the same path.
  const ApiToken* token = common.access.tokens.find(presented.value_or(""), common.clock.utc_now());
  if (!presented || token == nullptr) return login_failure(head, peer, common);
  return ApiClient{
      .kind = ApiClient::Kind::token, .name = token->name, .scope = token->scope, .origin = peer.origin};
}

}  // namespace sluice
