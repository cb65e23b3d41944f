// SPDX-License-Identifier: MIT
// Under which names the server lets itself be asked: DNS rebinding and pages of other sites stay outside.
#include "http_api/host_names.hpp"

#include <doctest/doctest.h>

#include <string>

namespace sluice::tests {
namespace {

RequestHead asked(std::string host, ApiParameters headers = {}) {
  return {.method = "GET", .target = "/", .host = std::move(host), .headers = std::move(headers)};
}

int status(const HostNames& names, const RequestHead& head) {
  const auto no = names.objection_to(head);
  return no ? no->status : 200;
}

}  // namespace

TEST_CASE(
    "host names: the loopback names with the port, and those that are configured, in any case of letters") {
  const HostNames names{{"Sluice.example.com:8443"}, 8080, false};
  for (const char* host : {"127.0.0.1:8080", "localhost:8080", "LocalHost:8080", "[::1]:8080",
                           "sluice.example.com:8443", "SLUICE.EXAMPLE.COM:8443"}) {
    CAPTURE(host);
    CHECK(status(names, asked(host)) == 200);
  }
  for (const char* host : {"",
                           "evil.example.com",
                           "evil.example.com:8080",
                           "localhost",
                           "localhost:80",
                           "localhost:8081",
                           "localhost:08080",
                           "localhost.:8080",
                           "localhost:8080.",
                           "127.0.0.1:8080@evil",
                           "127.0.0.2:8080",
                           "127.1:8080",
                           "[::1]",
                           "::1:8080",
                           "sluice.example.com",
                           "sluice.example.com.:8443",
                           "a.sluice.example.com:8443",
                           "localhost:8080,evil",
                           "0.0.0.0:8080",
                           "[::ffff:127.0.0.1]:8080"}) {
    CAPTURE(host);
    CHECK(status(names, asked(host)) == 421);
  }
}

TEST_CASE("host names: the port may be left out only where the scheme implies it") {
  CHECK(HostNames({}, 80, false).has("localhost"));
  CHECK_FALSE(HostNames({}, 80, true).has("localhost"));
  CHECK(HostNames({}, 443, true).has("[::1]"));
}

TEST_CASE("host names: a page of another site is refused, whatever it asks for") {
  const HostNames names{{}, 8080, false};
  const auto with = [](std::string name, std::string value) {
    return asked("localhost:8080", {{std::move(name), std::move(value)}});
  };
  for (const char* site : {"same-origin", "none"}) CHECK(status(names, with("sec-fetch-site", site)) == 200);
  for (const char* site : {"cross-site", "same-site", "x"})
    CHECK(status(names, with("sec-fetch-site", site)) == 403);
  CHECK(status(names, with("origin", "http://localhost:8080")) == 200);
  for (const char* origin : {"https://localhost:8080", "http://localhost", "http://evil.example.com", "null",
                             "", "http://localhost:8080.evil.example.com"}) {
    CAPTURE(origin);
    CHECK(status(names, with("origin", origin)) == 403);
  }
}

}  // namespace sluice::tests
