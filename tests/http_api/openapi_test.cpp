// SPDX-License-Identifier: MIT
// The description of the API says of its routes what they are, and of nothing else.
#include "http_api/openapi.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <set>
#include <string>
#include <vector>

#include "http_api/api_routes.hpp"

namespace sluice::tests {
namespace {

namespace json = boost::json;

std::vector<Route> own_routes() {
  std::vector<Route> routes = command_routes(
      [](ApiCommand, ApiClient) -> boost::asio::awaitable<ApiAnswer> { co_return ApiAnswer{}; });
  routes.push_back(openapi_route());
  return routes;
}

/// Every "$ref" below it.
void references_in(const json::value& value, std::set<std::string>& into) {
  if (const auto* object = value.if_object()) {
    for (const auto& [name, member] : *object) {
      if (name == "$ref") into.emplace(member.as_string());
      references_in(member, into);
    }
  }
  if (const auto* array = value.if_array()) {
    for (const json::value& element : *array) references_in(element, into);
  }
}

}  // namespace

TEST_CASE("openapi: every command has its operation, with its scope and its parameters") {
  const json::value document = json::parse(openapi_document());
  CHECK(document.at("openapi") == "3.1.0");
  for (const Route& route : own_routes()) {
    CAPTURE(route.pattern);
    std::string method = route.method;
    std::ranges::transform(method, method.begin(), [](unsigned char c) { return std::tolower(c); });
    REQUIRE(document.at("paths").as_object().contains(route.pattern));
    const json::object& operation = document.at("paths").at(route.pattern).at(method).as_object();
    CHECK(operation.at("operationId").as_string() == json::string{route.operation});
    CHECK(operation.at("x-scope").as_string() == json::string{to_string(route.scope)});
    CHECK(operation.contains("requestBody") == (route.body != ApiBody::none));
    for (const json::value& parameter : operation.at("parameters").as_array()) {
      const std::string braced = "{" + std::string{parameter.at("name").as_string()} + "}";
      if (parameter.at("in") == "path") CHECK(route.pattern.find(braced) != std::string::npos);
    }
  }
}

TEST_CASE("openapi: no operation has the name of another, and every reference leads somewhere") {
  const json::value document = json::parse(openapi_document());
  std::set<std::string> names;
  for (const auto& [pattern, item] : document.at("paths").as_object()) {
    for (const auto& [method, operation] : item.as_object()) {
      CAPTURE(std::string{pattern});
      CHECK(names.emplace(operation.at("operationId").as_string()).second);
    }
  }
  std::set<std::string> references;
  references_in(document, references);
  CHECK(references.size() > 3);
  for (const std::string& reference : references) {
    CAPTURE(reference);
    CHECK_NOTHROW(document.at_pointer(reference.substr(1)));
  }
}

}  // namespace sluice::tests
