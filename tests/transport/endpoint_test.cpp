// SPDX-License-Identifier: MIT
// How an endpoint is read, and which ones are refused.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "sluice/transport/https.hpp"

namespace sluice {
namespace {

struct Row {
  std::string text;
  Endpoint endpoint;
  std::string canonical;
};

TEST_CASE("transport: an endpoint is read and written back in its canonical form") {
  const std::vector<Row> rows{
      {"https://iot.cn-shanghai.aliyuncs.com",
       {true, "iot.cn-shanghai.aliyuncs.com", "443", "/"},
       "https://iot.cn-shanghai.aliyuncs.com"},
      {"iot.cn-shanghai.aliyuncs.com",
       {true, "iot.cn-shanghai.aliyuncs.com", "443", "/"},
       "https://iot.cn-shanghai.aliyuncs.com"},
      {"HTTPS://IoT.Example:443/", {true, "iot.example", "443", "/"}, "https://iot.example"},
      {"https://iot.example:8443/api/v1",
       {true, "iot.example", "8443", "/api/v1"},
       "https://iot.example:8443/api/v1"},
      {"localhost:08443", {true, "localhost", "8443", "/"}, "https://localhost:8443"},
      {"https://192.0.2.7", {true, "192.0.2.7", "443", "/"}, "https://192.0.2.7"},
      {"https://[2001:DB8:0::1]:8443", {true, "2001:db8::1", "8443", "/"}, "https://[2001:db8::1]:8443"},
      {"http://127.0.0.1:8080", {false, "127.0.0.1", "8080", "/"}, "http://127.0.0.1:8080"},
      {"http://127.9.9.9", {false, "127.9.9.9", "80", "/"}, "http://127.9.9.9"},
      {"http://[::1]:80/", {false, "::1", "80", "/"}, "http://[::1]"},
      {"https://127.0.0.1.example", {true, "127.0.0.1.example", "443", "/"}, "https://127.0.0.1.example"},
      {"http://localhost:1", {false, "localhost", "1", "/"}, "http://localhost:1"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto endpoint = parse_endpoint(row.text);
    REQUIRE(endpoint.has_value());
    CHECK(*endpoint == row.endpoint);
    CHECK(to_string(*endpoint) == row.canonical);
    CHECK(parse_endpoint(row.canonical).value() == row.endpoint);
  }
}

TEST_CASE("transport: an endpoint that cannot be used safely is refused and the reason named") {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"", "empty"},
      {"http://iot.example", "http:// is only for loopback; use https://"},
      {"http://128.0.0.1", "http:// is only for loopback"},
      {"http://localhost.example", "http:// is only for loopback"},
      {"http://127.0.0.1.example", "http:// is only for loopback"},
      {"https://user:geheim@iot.example", "user or password"},
      {"https://user@iot.example", "user or password"},
      {"https://iot.example?x=1", "no ? or # part"},
      {"https://iot.example/#top", "no ? or # part"},
      {"https://iot.example:0", "port"},
      {"https://iot.example:65536", "port"},
      {"https://iot.example:99999999999999999999", "port"},
      {"https://iot.example:", "port"},
      {"https://iot.example:x", "port"},
      {"ftp://iot.example", "scheme"},
      {"https://", "host"},
      {"https:///path", "host"},
      {"https://.example", "host name"},
      {"https://a..example", "host name"},
      {"https://127.1", "host name"},
      {"http://127.0.0.1x", "endpoint"},
      {"http://127.0.0.1@iot.example", "user or password"},
      {"http://[::1].example", "endpoint"},
      {"http://[::1]x:80", "endpoint"},
      {"http://127.0.0.1:80:80", "endpoint"},
      {"https://1.2.3.456", "host name"},
      {"https://[fe80::1%25eth0]", "endpoint"},
      {"https://[v1.x]", "host name"},
      {"https://[::1", "URL"},
      {"https://192.0.2.1.5", "host name"},
      {"https://iot.example.", "host name"},
      {"https://a%0d%0ab", "host name"},
      {"::1", "in brackets"},
      {"https://iot.example\r\nHost: other", "character"},
      {"https://iot.ex ample", "character"},
      {"https://b\xc3\xbc.example", "character"},
      {std::string("https://a\0b", 11), "character"},
  };
  for (const auto& [text, reason] : rows) {
    CAPTURE(text);
    const auto endpoint = parse_endpoint(text);
    REQUIRE_FALSE(endpoint.has_value());
    CHECK(endpoint.error().kind == ErrorKind::invalid_input);
    CHECK_MESSAGE(endpoint.error().message.find(reason) != std::string::npos, endpoint.error().message);
    CHECK(endpoint.error().message.find("geheim") == std::string::npos);
    CHECK_FALSE(endpoint.error().hint.empty());
  }
}

TEST_CASE("transport: only addresses that cannot leave the machine are loopback") {
  for (const std::string& host :
       std::vector<std::string>{"localhost", "127.0.0.1", "127.255.255.254", "::1"}) {
    CAPTURE(host);
    CHECK(is_loopback({.host = host, .port = "443"}));
  }
  for (const char* host :
       {"127.0.0.1.example", "localhost.example", "128.0.0.1", "0.0.0.0", "::", "::2", ""}) {
    CAPTURE(host);
    CHECK_FALSE(is_loopback({.host = host, .port = "443"}));
  }
}

}  // namespace
}  // namespace sluice
