// SPDX-License-Identifier: MIT
// Requests that two readers could take for two different ones, and what is left of them: nothing.
#include "http_api/request_head.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

namespace sluice::tests {
namespace {

/// The status of the refusal; 0: it was read; -1: more is awaited.
int refused_with(const std::string& text) {
  const auto end = end_of_head(text);
  if (const auto* no = std::get_if<ApiAnswer>(&end)) return no->status;
  if (std::get<std::size_t>(end) == 0) return -1;
  const auto head = read_request_head(std::string_view{text}.substr(0, std::get<std::size_t>(end)));
  const auto* no = std::get_if<ApiAnswer>(&head);
  return no != nullptr ? no->status : 0;
}

RequestHead head_of(const std::string& text) {
  const auto head = read_request_head(text);
  REQUIRE(std::holds_alternative<RequestHead>(head));
  return std::get<RequestHead>(head);
}

std::string post(const std::string& fields) {
  return "POST /api/v1/stop HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

}  // namespace

TEST_CASE("request head: what is well-formed is read as it was written") {
  const RequestHead head = head_of(
      "POST /api/v1/runs/7:pause?x=%20 HTTP/1.1\r\nHOST: sluice.example.com:8443\r\nContent-Length: 12\r\n"
      "content-type:application/json\r\nAuthorization: Bearer abc\r\nCookie: a=b\r\nX-Empty:\r\n"
      "Expect: 100-continue\r\n\r\n");

  CHECK(head.method == "POST");
  CHECK(head.target == "/api/v1/runs/7:pause?x=%20");
  CHECK(head.host == "sluice.example.com:8443");
  CHECK(head.body_bytes == 12);
  CHECK(head.keeps_open);
  CHECK(head.expects_continue);
  CHECK(head.headers.at("content-type") == "application/json");
  CHECK(head.headers.at("x-empty").empty());
}

TEST_CASE("request head: credentials are handed to whoever checks them and to nobody else") {
  const RequestHead head =
      head_of(post("Authorization: Bearer abc\r\nCookie: a=b\r\nProxy-Authorization: x\r\n"));
  CHECK(head.authorization == "Bearer abc");
  for (const auto& [name, value] : head.headers) {
    CAPTURE(name);
    CHECK(value.find("abc") == value.npos);
    CHECK(name != "cookie");
    CHECK(name != "proxy-authorization");
  }
}

TEST_CASE("request head: it ends at its blank line, and not before it has come") {
  const std::string whole = post("");
  for (std::size_t i = 0; i < whole.size(); ++i) CHECK(refused_with(whole.substr(0, i)) == -1);
  CHECK(std::get<std::size_t>(end_of_head(whole + "GET / HTTP/1.1\n")) == whole.size());
}

TEST_CASE("request head: smuggling is refused, in every spelling that was ever used for it") {
  const std::vector<std::pair<std::string, int>> corpus{
      // Two lengths.
      {post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400},
      {post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), 400},
      {post("Content-Length: 5\r\nContent-Length: 5\r\n"), 400},
      {post("Content-Length: 5\r\nContent-Length: 6\r\n"), 400},
      {post("Content-Length: 0\r\ncontent-length: 44\r\n"), 400},
      {post("Content-Length: 5, 5\r\n"), 400},
      {post("Content-Length: 5,6\r\n"), 400},
      // Lengths that are none.
      {post("Content-Length: -1\r\n"), 400},
      {post("Content-Length: +5\r\n"), 400},
      {post("Content-Length: 0x5\r\n"), 400},
      {post("Content-Length: 5 5\r\n"), 400},
      {post("Content-Length: 5a\r\n"), 400},
      {post("Content-Length: \"5\"\r\n"), 400},
      {post("Content-Length: 5;a=b\r\n"), 400},
      {post("Content-Length: 1e1\r\n"), 400},
      {post("Content-Length: 99999999999999999999\r\n"), 400},
      {post("Content-Length: 18446744073709551617\r\n"), 400},
      {post("Content-Length:\r\n"), 400},
      {post("Content-Length: \xC2\xB2\r\n"), 400},
      // Chunks, in whatever disguise.
      {post("Transfer-Encoding: chunked\r\n"), 411},
      {post("Transfer-Encoding: xchunked\r\n"), 411},
      {post("Transfer-Encoding: chunked, identity\r\n"), 411},
      {post("Transfer-Encoding: identity\r\n"), 411},
      {post("Transfer-Encoding:\tchunked\r\n"), 411},
      {post("Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n"), 400},
      {post("Transfer-Encoding : chunked\r\n"), 400},
      {post("Transfer-Encoding\t: chunked\r\n"), 400},
      {post(" Transfer-Encoding: chunked\r\n"), 400},
      {post("X: a\r\n Transfer-Encoding: chunked\r\n"), 400},
      {post("X: a\r\n\tb\r\n"), 400},
      {post("Transfer-Encoding: chunked\n"), 400},
      {post("X: a\nTransfer-Encoding: chunked\r\n"), 400},
      {post("X: a\rTransfer-Encoding: chunked\r\n"), 400},
      {post("X: a\r\rTransfer-Encoding: chunked\r\n"), 400},
      {post("Transfer-Encoding: \x0b"
            "chunked\r\n"),
       400},
      {post("Transfer-Encoding: chunked\x0c\r\n"), 400},
      {post(std::string{"X: a\0b\r\n", 9}), 400},
      {post("Transfer\xC3\x9F"
            "Encoding: chunked\r\n"),
       400},
      {post("Transfer_Encoding chunked\r\n"), 400},
      {post(": chunked\r\n"), 400},
      {post("Content Length: 5\r\n"), 400},
      {post("Content-Length\x7f: 5\r\n"), 400},
      // Whose host, which version, where the line ends.
      {post("Host: b\r\n"), 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1\nHost: a\n\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\n\r\n", 400},
      {"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {" GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET /\tHTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400},
      {"GET / a HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET /\r\nHost: a\r\n\r\n", 400},
      {"GET / HTTP/1.1.1\r\nHost: a\r\n\r\n", 400},
      {"GET / http/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET / HTTP/1.0\r\nHost: a\r\n\r\n", 505},
      {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"get / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"G\xC3\x89"
       "T / HTTP/1.1\r\nHost: a\r\n\r\n",
       400},
      {"GET /\xC3\xA9 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 421},
      {"CONNECT b:443 HTTP/1.1\r\nHost: a\r\n\r\n", 421},
      {"\x16\x03\x01\x02", 400}};
  CHECK(corpus.size() >= 40);
  for (const auto& [text, status] : corpus) {
    CAPTURE(text);
    CHECK(refused_with(text) == status);
  }
}

TEST_CASE("request head: more fields than anybody needs are refused") {
  std::string fields;
  for (int i = 0; i < 63; ++i) fields += "X-" + std::to_string(i) + ": 1\r\n";
  CHECK(refused_with(post(fields)) == 0);
  CHECK(refused_with(post(fields + "X: 1\r\n")) == 431);
  CHECK(refused_with(post("Expect: 200-ok\r\n")) == 417);
}

}  // namespace sluice::tests
