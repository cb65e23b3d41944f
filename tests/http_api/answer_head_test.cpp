// SPDX-License-Identifier: MIT
// The head of every answer, to the letter.
#include "http_api/answer_head.hpp"

#include <doctest/doctest.h>

#include <string>

namespace sluice::tests {
namespace {

const UtcTime now = *from_iso_seconds("1994-11-06T08:49:37Z");

}  // namespace

TEST_CASE("answer head: every answer has the same protective headers") {
  CHECK(answer_head({.body = "{}"}, {.body_bytes = 2, .keeps_open = true, .now = now}) ==
        "HTTP/1.1 200 OK\r\n"
        "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"  // as RFC 9110 5.6.7 writes that instant
        "Content-Type: application/json\r\n"
        "Content-Length: 2\r\n"
        "Connection: keep-alive\r\n"
        "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'; "
        "require-trusted-types-for 'script'\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "Referrer-Policy: no-referrer\r\n"
        "Cross-Origin-Opener-Policy: same-origin\r\n"
        "Cross-Origin-Resource-Policy: same-origin\r\n"
        "Cache-Control: no-store\r\n"
        "\r\n");
}

TEST_CASE("answer head: what was not modified has neither a length nor a type") {
  const std::string head = answer_head({.status = 304, .content_type = {}, .headers = {{"ETag", "\"a\""}}},
                                       {.body_bytes = 0, .keeps_open = true, .now = now});
  CHECK(head.starts_with("HTTP/1.1 304 Not Modified\r\n"));
  CHECK(head.find("\r\nETag: \"a\"\r\n") != head.npos);
  CHECK(head.find("Content-") == head.find("Content-Security-Policy"));
  CHECK(head.find("Transfer-Encoding") == head.npos);
}

TEST_CASE("answer head: only over TLS a browser is told to stay with it, and a stream comes in chunks") {
  const std::string head = answer_head({.status = 421, .headers = {{"Cache-Control", "max-age=60"}}},
                                       {.is_tls = true, .now = now});
  CHECK(head.starts_with("HTTP/1.1 421 Misdirected Request\r\n"));
  CHECK(head.find("\r\nStrict-Transport-Security: max-age=31536000\r\n") != head.npos);
  CHECK(head.find("\r\nTransfer-Encoding: chunked\r\n") != head.npos);
  CHECK(head.find("Content-Length") == head.npos);
  CHECK(head.find("no-store") == head.npos);
  CHECK(head.find("Access-Control") == head.npos);
  CHECK(head.find("Set-Cookie") == head.npos);
}

TEST_CASE("answer head: no value begins a header of its own") {
  const std::string head =
      answer_head({.headers = {{"Location", "/a\r\nSet-Cookie: x"}, {"X\nY", "1"}}}, {.now = now});
  CHECK(head.find("Set-Cookie") == head.npos);
  CHECK(head.find("Y: 1") == head.npos);
}

}  // namespace sluice::tests
