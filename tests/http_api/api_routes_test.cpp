// SPDX-License-Identifier: MIT
// Which command a request stands for, and what is said of a request that is none.
#include "http_api/api_routes.hpp"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <optional>
#include <string>
#include <vector>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

ApiRequest post(std::string target, std::string body = {}) {
  return {.method = "POST", .target = std::move(target), .body = std::move(body)};
}

/// What comes of a request: the command that is carried out, or the answer that refuses it.
struct Taken {
  std::optional<ApiCommand> command;
  ApiAnswer answer;
};

Taken taken(ApiRequest request) {
  CAPTURE(request.target);
  CAPTURE(request.body);
  request.client.scope = ApiScope::admin;
  std::optional<ApiCommand> command;
  const Router router{command_routes([&](ApiCommand asked, ApiClient) -> boost::asio::awaitable<ApiAnswer> {
    command = std::move(asked);
    co_return ApiAnswer{};
  })};
  auto admitted = router.admit(request);
  if (auto* refusal = std::get_if<ApiAnswer>(&admitted)) return {std::nullopt, std::move(*refusal)};
  auto& [route, asked] = std::get<Router::Admitted>(admitted);
  boost::asio::io_context loop;
  auto answer = boost::asio::co_spawn(loop, route->handler(std::move(asked)), boost::asio::use_future);
  loop.run();
  return {std::move(command), answer.get()};
}

ApiCommand command(const ApiRequest& request) {
  const Taken found = taken(request);
  REQUIRE_MESSAGE(found.command.has_value(), (found.answer.error ? found.answer.error->message : ""));
  return *found.command;
}

ApiAnswer refusal(const ApiRequest& request) {
  const Taken found = taken(request);
  REQUIRE_FALSE(found.command.has_value());
  REQUIRE(found.answer.error.has_value());
  return found.answer;
}

}  // namespace

TEST_CASE("api routes: each target is its command, and the body may be missing") {
  CHECK(command(post("/api/v1/runs/7:pause")) ==
        ApiCommand{ControlRunCommand{ControlVerb::pause, RunId{7}, ""}});
  CHECK(command(post("/api/v1/runs/7:resume", " \n")) ==
        ApiCommand{ControlRunCommand{ControlVerb::resume, RunId{7}, ""}});
  CHECK(command(post("/api/v1/runs/7:cancel", R"({"reason": "wrong firmware"})")) ==
        ApiCommand{ControlRunCommand{ControlVerb::cancel, RunId{7}, "wrong firmware"}});
  CHECK(command(post("/api/v1/stop", "{}")) == ApiCommand{StopCommand{""}});
  CHECK(command(post("/api/v1/runs/7:approve", R"({"stage": "canary"})")) ==
        ApiCommand{ApproveCommand{RunId{7}, "canary", false}});
  CHECK(command(post("/api/v1/tenants/prod:rate", R"({"rate": 4, "for": "1h"})")) ==
        ApiCommand{SetRateCommand{"prod", 4, 1h}});
  CHECK(command(post("/api/v1/tenants/a%20b:c%2Fd:rate", R"({"rate": 0.5, "for": "90s"})")) ==
        ApiCommand{SetRateCommand{"a b:c/d", 0.5, 90s}});
}

TEST_CASE("api routes: every command comes back from the request that is made of it") {
  const std::vector<ApiCommand> commands{
      ControlRunCommand{ControlVerb::pause, RunId{1}, ""},
      ControlRunCommand{ControlVerb::cancel, RunId{9'000'000'000}, "quote \" back\\slash 设备"},
      StopCommand{"fire"},
      ApproveCommand{RunId{3}, "10 %", true},
      ApproveCommand{RunId{3}, "", false},
      SetRateCommand{"prod/东:1?#", 0.001, 90s},
      SetRateCommand{"prod", 100'000, 999 * 24h},
      SetRateCommand{"prod", 4, 1ms},
      SetRateCommand{"prod", 4, 5h},
      SetRateCommand{"prod", 4, 7min}};
  for (const ApiCommand& one : commands) CHECK(command(request_for(one)) == one);
}

TEST_CASE("api routes: what is not there is not found, whatever the method") {
  const std::vector<std::string> targets{"/",
                                         "",
                                         "*",
                                         "/api/v1/runs/7",
                                         "/api/v1/runs/0:pause",
                                         "/api/v1/runs/-1:pause",
                                         "/api/v1/runs/7x:pause",
                                         "/api/v1/runs/99999999999999999999:pause",
                                         "/api/v1/runs/7:explode",
                                         "/api/v1/runs/7:pause/",
                                         "/api/v2/runs/7:pause",
                                         "/api/v1/tenants/:rate",
                                         "/api/v1/tenants/prod:pause",
                                         "http://sluice/api/v1/stop",
                                         "/api/v1/../v1/stop",
                                         "/\x1b[2J"};
  for (const std::string& target : targets) {
    const ApiAnswer refused = refusal(post(target));
    CHECK(refused.status == 404);
    CHECK(refused.error->kind == ErrorKind::not_found);
    CHECK(refused.error->message.find('\x1b') == std::string::npos);
  }
}

TEST_CASE("api routes: a command is a POST") {
  ApiRequest request = post("/api/v1/runs/7:pause");
  request.method = "GET";
  CHECK(refusal(request).status == 405);
}

TEST_CASE("api routes: a body that does not fit is told with its place and changes nothing") {
  const std::vector<std::pair<std::string, std::string>> bodies{
      {"{\"reason\": 1}", "request body:1:12: reason"},
      {"{\"raeson\": \"x\"}", "did you mean \"reason\"?"},
      {"{\"reason\": \"a\", \"reason\": \"b\"}", "duplicate key"},
      {"[]", "expected an object"},
      {"{\"reason\": \"", "request body:1:"},
      {"{\"reason\": \"\\u001b[2J\"}", "reason"},
      {"{\"reason\": \"" + std::string(501, 'x') + "\"}", "500 bytes"}};
  for (const auto& [body, expected] : bodies) {
    const ApiAnswer refused = refusal(post("/api/v1/runs/7:pause", body));
    CHECK(refused.status == 422);
    CHECK_MESSAGE(refused.error->message.find(expected) != std::string::npos, refused.error->message);
  }
  CHECK(refusal(post("/api/v1/tenants/prod:rate", "{}")).error->message.find("rate") != std::string::npos);
  CHECK(refusal(post("/api/v1/tenants/prod:rate", R"({"rate": 4})")).status == 422);
  CHECK(refusal(post("/api/v1/tenants/prod:rate", R"({"rate": 0, "for": "1h"})")).status == 422);
  CHECK(refusal(post("/api/v1/runs/7:approve", R"({"past_gate": "yes"})")).status == 422);
  CHECK(refusal(post("/api/v1/tenants/prod:rate", R"({"rate": 4, "for": "soon"})")).status == 422);
}
