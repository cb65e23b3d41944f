// SPDX-License-Identifier: MIT
// Who a client is taken for, and when a token is worth nothing.
#include "http_api/client_login.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <string>
#include <vector>

#include "clock/virtual_clock.hpp"

namespace sluice::tests {
namespace {

using namespace std::chrono_literals;

const ApiPeer stranger{.origin = "192.0.2.7",
                       .names = std::make_shared<const HostNames>(std::vector<std::string>{}, 80, false)};

/// What a server knows, where it is half past four.
struct Scene {
  std::variant<ApiClient, ApiAnswer> ask(std::optional<std::string> authorization,
                                         const ApiPeer& peer = stranger) {
    return client_of({.target = "/x", .authorization = std::move(authorization)}, peer, common);
  }
  /// @return 200 for somebody
  int status(std::optional<std::string> authorization) {
    const auto found = ask(std::move(authorization));
    const auto* no = std::get_if<ApiAnswer>(&found);
    return no == nullptr ? 200 : no->status;
  }

  boost::asio::io_context loop;
  VirtualClock clock{loop, SteadyTime{1h}, *from_iso_seconds("2026-11-28T16:30:00Z")};
  std::vector<std::string> told;
  ApiCommon common{
      .clock = clock,
      .router = Router{{}},
      .surroundings = {.name_of = [](uid_t user) { return "uid " + std::to_string(user); },
                       .tell = [this](const ApiIncident& incident) { told.push_back(incident.origin); }},
      .limits = {},
      .access = {.tokens = ApiTokens{{{"ci", ApiScope::operate, digest_of("the-token"),
                                       from_iso_seconds("2026-11-28T17:00:00Z")}}},
                 .anonymous = ApiScope::read,
                 .tls = {}}};
};

}  // namespace

TEST_CASE(
    "client login: the unix socket hears its own user and root, and whoever it cannot name not at all") {
  const auto objection = [](std::optional<SocketPeer> process) {
    return objection_to_peer({.process = process, .origin = "unix"});
  };
  CHECK_FALSE(objection(SocketPeer{::geteuid(), 1}));
  CHECK_FALSE(objection(SocketPeer{0, 1}));
  CHECK(objection(SocketPeer{::geteuid() + 1, 1})->status == 403);
  CHECK(objection(std::nullopt)->status == 403);
  CHECK_FALSE(objection_to_peer(stranger));
}

TEST_CASE("client login: a user of the unix socket may do everything, under his own name") {
  Scene scene;
  const auto found = scene.ask({}, {.process = SocketPeer{17, 99}, .origin = "unix"});
  const ApiClient& client = std::get<ApiClient>(found);
  CHECK(client.kind == ApiClient::Kind::unix_user);
  CHECK(client.name == "uid 17");
  CHECK(client.scope == ApiScope::admin);
  CHECK(client.process == 99);
}

TEST_CASE("client login: without a token, what is configured for this machine is nobody else's") {
  Scene scene;
  ApiPeer neighbour = stranger;
  neighbour.is_loopback = true;
  CHECK(std::get<ApiClient>(scene.ask({}, neighbour)).scope == ApiScope::read);
  CHECK(std::get<ApiClient>(scene.ask({})).scope == ApiScope::none);
}

TEST_CASE(
    "client login: a token is a whole one behind the word Bearer, in whatever letters that is written") {
  Scene scene;
  CHECK(std::get<ApiClient>(scene.ask("bEARER the-token")).scope == ApiScope::operate);
  const std::vector<std::string> none{"",
                                      "the-token",
                                      "Bearer ",
                                      "Bearer the-toke",
                                      "Bearer  the-token",
                                      "Basic the-token",
                                      "Bearer " + std::string(513, 'x')};
  for (const std::string& wrong : none) {
    CAPTURE(wrong);
    scene.clock.run_until(scene.clock.steady_now() + 1s);
    CHECK(scene.status(wrong) == 401);
  }
}

TEST_CASE("client login: a token is worth nothing from the moment that it expires") {
  Scene scene;
  scene.clock.run_until(scene.clock.steady_now() + 30min - 1us);
  CHECK(scene.status("Bearer the-token") == 200);
  scene.clock.run_until(scene.clock.steady_now() + 1us);
  CHECK(scene.status("Bearer the-token") == 401);
}

TEST_CASE(
    "client login: whoever guesses is told so five times a second, and whoever knows is let in meanwhile") {
  Scene scene;
  for (int i = 0; i < 5; ++i) CHECK(scene.status("Bearer guess") == 401);
  CHECK(scene.status("Bearer guess") == 429);
  CHECK(scene.status("Bearer the-token") == 200);
  CHECK(scene.told == std::vector<std::string>(5, "192.0.2.7"));

  scene.clock.run_until(scene.clock.steady_now() + 1s);
  CHECK(scene.status("Bearer guess") == 401);
}

}  // namespace sluice::tests
