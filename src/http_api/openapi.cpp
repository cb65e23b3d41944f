// SPDX-License-Identifier: MIT
#include "http_api/openapi.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <stdexcept>

namespace sluice {
namespace {

namespace json = boost::json;

/// Objects are joined member by member; anything else may be there once.
void join(json::object& into, const json::object& part) {
  for (const auto& [name, value] : part) {
    json::value& there = into[name];
    if (there.is_null()) {
      there = value;
    } else if (there.is_object() && value.is_object()) {
      join(there.as_object(), value.as_object());
    } else {
      throw std::logic_error("openapi: two parts say what " + std::string{name} + " is");
    }
  }
}

}  // namespace

std::string openapi_document() {
  json::object whole;
  for (const std::string& part : openapi_parts()) join(whole, json::parse(part).as_object());
  return json::serialize(whole) + "\n";
}

Route openapi_route() {
  return {.method = "GET",
          .pattern = "/api/v1/openapi.json",
          .scope = ApiScope::none,
          .operation = "describeApi",
          .handler = [document = openapi_document()](ApiRequest) -> boost::asio::awaitable<ApiAnswer> {
            return [](std::string body) -> boost::asio::awaitable<ApiAnswer> {
              co_return ApiAnswer{.body = std::move(body)};
            }(document);
          }};
}

}  // namespace sluice
