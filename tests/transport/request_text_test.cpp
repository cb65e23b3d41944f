// SPDX-License-Identifier: MIT
// The bytes of a request, and that no value can break out of its line.
#include "transport/https/request_text.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace sluice {
namespace {

TEST_CASE("transport: a request is written with Host, Content-Length and Connection of its own") {
  const HttpRequest request{
      .method = "POST", .target = "/x?y=1", .headers = {{"Accept", "*/*"}}, .body = "a=1&b=2"};

  const std::string text = request_text(request, {.tls = true, .host = "iot.example", .port = "8443"});

  CHECK(text ==
        "POST /x?y=1 HTTP/1.1\r\nHost: iot.example:8443\r\nAccept: */*\r\nContent-Length: 7\r\n"
        "Connection: keep-alive\r\n\r\na=1&b=2");
}

TEST_CASE("transport: the Host header names a port only where it is not the scheme's own") {
  CHECK(host_header({.tls = true, .host = "iot.example", .port = "443"}) == "iot.example");
  CHECK(host_header({.tls = true, .host = "iot.example", .port = "80"}) == "iot.example:80");
  CHECK(host_header({.tls = false, .host = "::1", .port = "80"}) == "[::1]");
  CHECK(host_header({.tls = true, .host = "::1", .port = "8443"}) == "[::1]:8443");
}

TEST_CASE("transport: a request that would say something else than intended is never written") {
  const Endpoint endpoint{.host = "iot.example", .port = "443"};
  const std::vector<HttpRequest> requests{
      {.headers = {{"X", "a\r\nEvil: 1"}}},
      {.headers = {{"X", "a\nb"}}},
      {.headers = {{"X", std::string("a\0b", 3)}}},
      {.headers = {{"X\r\nEvil", "1"}}},
      {.headers = {{"X:", "1"}}},
      {.headers = {{"", "1"}}},
      {.headers = {{"host", "other"}}},
      {.headers = {{"content-length", "0"}}},
      {.headers = {{"Transfer-Encoding", "chunked"}}},
      {.headers = {{"Expect", "100-continue"}}},
      {.method = "POST /other HTTP/1.1\r\nX: "},
      {.target = "/a b"},
      {.target = "/\r\nEvil: 1"},
      {.target = ""},
  };
  for (std::size_t i = 0; i < requests.size(); ++i) {
    CAPTURE(i);
    CHECK_THROWS_AS(request_text(requests[i], endpoint), std::invalid_argument);
  }
}

}  // namespace
}  // namespace sluice
