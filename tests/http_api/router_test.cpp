// SPDX-License-Identifier: MIT
// Which row answers, with which parameters, and what is said where none does.
#include "http_api/router.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace sluice::tests {
namespace {

Route row(std::string method, std::string pattern, ApiScope scope = ApiScope::read,
          std::vector<std::string> query = {}) {
  return {.method = method,
          .pattern = pattern,
          .scope = scope,
          .operation = method + " " + pattern,
          .handler = [](ApiRequest) -> boost::asio::awaitable<ApiAnswer> { co_return ApiAnswer{}; },
          .query = std::move(query)};
}

Router some_routes() {
  return Router{{row("GET", "/healthz", ApiScope::none),
                 row("GET", "/api/v1/runs", ApiScope::read, {"state", "tenant"}),
                 row("POST", "/api/v1/runs", ApiScope::operate), row("GET", "/api/v1/runs/{run}"),
                 row("POST", "/api/v1/runs/{run}:pause", ApiScope::operate),
                 row("GET", "/api/v1/runs/{run}/devices/{device}"),
                 row("POST", "/api/v1/tenants/{tenant}:rate", ApiScope::admin)}};
}

ApiRequest asked(std::string method, std::string target, ApiScope scope = ApiScope::admin) {
  return {.method = std::move(method),
          .target = std::move(target),
          .client = {.kind = ApiClient::Kind::token, .name = "ci", .scope = scope}};
}

Router::Admitted admitted(const Router& router, const ApiRequest& request) {
  CAPTURE(request.target);
  auto found = router.admit(request);
  REQUIRE(std::holds_alternative<Router::Admitted>(found));
  return std::get<Router::Admitted>(found);
}

ApiAnswer refusal(const Router& router, const ApiRequest& request) {
  CAPTURE(request.target);
  auto found = router.admit(request);
  REQUIRE(std::holds_alternative<ApiAnswer>(found));
  REQUIRE(std::get<ApiAnswer>(found).error.has_value());
  return std::get<ApiAnswer>(found);
}

std::string header(const ApiAnswer& answer, std::string_view name) {
  for (const auto& [key, value] : answer.headers) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace

TEST_CASE("router: a pattern's parameters are taken out of the path and decoded") {
  const Router router = some_routes();

  const Router::Admitted run = admitted(router, asked("GET", "/api/v1/runs/7"));
  CHECK(run.route->pattern == "/api/v1/runs/{run}");
  CHECK(run.request.parameter("run") == "7");
  CHECK(*number_in_path(run.request, "run") == 7);

  const Router::Admitted device = admitted(router, asked("GET", "/api/v1/runs/7/devices/a%2Fb%20c+d"));
  CHECK(device.request.parameter("device") == "a/b c+d");
}

TEST_CASE("router: a verb behind a colon says more than a name with a colon in it, unless that is encoded") {
  const Router router = some_routes();

  const Router::Admitted pause = admitted(router, asked("POST", "/api/v1/runs/7:pause"));
  CHECK(pause.route->pattern == "/api/v1/runs/{run}:pause");
  CHECK(pause.request.parameter("run") == "7");
  CHECK(refusal(router, asked("GET", "/api/v1/runs/7:pause")).status == 405);
  CHECK(admitted(router, asked("GET", "/api/v1/runs/7%3Apause")).request.parameter("run") == "7:pause");
  CHECK(admitted(router, asked("POST", "/api/v1/tenants/a:b:rate")).request.parameter("tenant") == "a:b");
}

TEST_CASE("router: what no pattern fits is not found, whatever the method") {
  const Router router = some_routes();
  const std::vector<std::string> targets{"/",
                                         "",
                                         "*",
                                         "/api/v1/runs/",
                                         "/api/v1/runs//devices/x",
                                         "//api/v1/runs",
                                         "/api/v1/runs/7/devices",
                                         "/api/v1/runs/7:explode/",
                                         "/API/v1/runs",
                                         "/api/v1/runs/..",
                                         "/api/v1/runs/%2e%2E",
                                         "/api/v1/../v1/runs",
                                         "/api/v1/runs/%00",
                                         "/api/v1/runs/%1b[2J",
                                         "/api/v1/runs/%zz",
                                         "/api/v1/runs/%",
                                         "/api/v1/runs/%c3%28",
                                         "/api/v1/runs/" + std::string(513, 'x'),
                                         "http://sluice/api/v1/runs",
                                         "/\x1b[2J"};
  for (const std::string& target : targets) {
    for (const char* method : {"GET", "POST", "BREW"}) {
      const ApiAnswer answer = refusal(router, asked(method, target));
      CHECK(answer.status == 404);
      CHECK(answer.error->message.find('\x1b') == std::string::npos);
    }
  }
}

TEST_CASE("router: a known path with another method is told which ones there are") {
  const Router router = some_routes();
  CHECK(header(refusal(router, asked("DELETE", "/api/v1/runs")), "Allow") == "GET, HEAD, POST");
  CHECK(header(refusal(router, asked("GET", "/api/v1/runs/7:pause")), "Allow") == "POST");
  for (const char* method : {"OPTIONS", "TRACE", "CONNECT", "get", ""}) {
    CAPTURE(method);
    CHECK(refusal(router, asked(method, "/api/v1/runs")).status == 405);
  }
  CHECK(admitted(router, asked("HEAD", "/api/v1/runs")).route->method == "GET");
}

TEST_CASE("router: each scope opens its own routes and those of the scopes before it, and no other") {
  const Router router = some_routes();
  const std::vector<ApiScope> scopes{ApiScope::none, ApiScope::read, ApiScope::operate, ApiScope::admin};
  for (const Route& route : router.routes()) {
    for (const ApiScope scope : scopes) {
      CAPTURE(route.operation);
      CAPTURE(to_string(scope));
      ApiRequest request = asked(route.method, route.pattern, scope);
      const auto with_token = router.admit(request);
      request.client.kind = ApiClient::Kind::anonymous;
      const auto without = router.admit(request);
      if (scope >= route.scope) {
        CHECK(std::holds_alternative<Router::Admitted>(with_token));
        CHECK(std::holds_alternative<Router::Admitted>(without));
      } else {
        CHECK(std::get<ApiAnswer>(with_token).status == 403);
        CHECK(std::get<ApiAnswer>(without).status == 401);
        CHECK_FALSE(header(std::get<ApiAnswer>(without), "WWW-Authenticate").empty());
      }
    }
  }
}

TEST_CASE("router: a query's keys are those of the row, each once, decoded") {
  const Router router = some_routes();
  const Router::Admitted both = admitted(router, asked("GET", "/api/v1/runs?state=a%26b+c&tenant="));
  CHECK(both.request.query_value("state") == "a&b c");
  CHECK(both.request.query_value("tenant") == "");
  CHECK_FALSE(both.request.query_value("job").has_value());
  CHECK(admitted(router, asked("GET", "/api/v1/runs?")).request.query.empty());

  CHECK(refusal(router, asked("GET", "/api/v1/runs?stat=x")).error->hint == "Did you mean \"state\"?");
  CHECK(refusal(router, asked("GET", "/api/v1/runs/7?now=1")).error->hint == "This takes no query.");
  for (const char* query :
       {"state=a&state=b", "state=%zz", "state=%1b", "state=%ff", "&", "state=a&", "=x"}) {
    CAPTURE(query);
    CHECK(refusal(router, asked("GET", std::string{"/api/v1/runs?"} + query)).status == 400);
  }
}

TEST_CASE("router: only a number of 1 or more is the number of a thing") {
  for (const char* text : {"0", "-1", "7x", "99999999999999999999", "+7", "٧", " 7"}) {
    CAPTURE(text);
    CHECK(number_in_path({.path = {{"run", text}}}, "run").error().kind == ErrorKind::not_found);
  }
  CHECK(*number_in_path({.path = {{"run", "9223372036854775807"}}}, "run") == 9223372036854775807);
}

TEST_CASE("router: two rows for the same thing are a mistake of ours") {
  const std::vector<Route> twice{row("GET", "/a"), row("GET", "/a")};
  CHECK_THROWS_AS(Router{twice}, std::logic_error);
  CHECK_THROWS_AS(Router{{row("FETCH", "/a")}}, std::logic_error);
  CHECK_THROWS_AS(Router{{row("GET", "a")}}, std::logic_error);
}

}  // namespace sluice::tests
