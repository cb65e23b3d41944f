// SPDX-License-Identifier: MIT
#include "http_api/answer_head.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/http/status.hpp>
#include <chrono>
#include <string_view>

namespace sluice {
namespace {

// Ends with its head, and a length would be that of the body that the client has.
constexpr int not_modified = 304;

constexpr std::string_view protective_headers =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'; "
    "require-trusted-types-for 'script'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n";

std::string_view reason_of(int status) {
  if (status == 421) return "Misdirected Request";
  if (status == 422) return "Unprocessable Content";
  const auto reason = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
  return {reason.data(), reason.size()};
}

bool is_one_line(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c == '\t' || (c >= ' ' && c < '\x7f'); });
}

std::string http_date(UtcTime now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  const std::time_t time = std::chrono::system_clock::to_time_t(seconds);
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(time));
}

}  // namespace

std::string answer_head(const ApiAnswer& answer, const AnswerFraming& framing) {
  std::string head = fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\n", answer.status, reason_of(answer.status),
                                 http_date(framing.now));
  if (!answer.content_type.empty()) head += fmt::format("Content-Type: {}\r\n", answer.content_type);
  if (answer.status != not_modified) {
    head += framing.body_bytes ? fmt::format("Content-Length: {}\r\n", *framing.body_bytes)
                               : std::string{"Transfer-Encoding: chunked\r\n"};
  }
  head += fmt::format("Connection: {}\r\n", framing.keeps_open ? "keep-alive" : "close");
  head += protective_headers;
  if (framing.is_tls) head += "Strict-Transport-Security: max-age=31536000\r\n";
  bool says_caching = false;
  for (const auto& [name, value] : answer.headers) {
    if (!is_one_line(name) || !is_one_line(value)) continue;
    says_caching = says_caching || name == "Cache-Control";
    head += fmt::format("{}: {}\r\n", name, value);
  }
  if (!says_caching) head += "Cache-Control: no-store\r\n";
  return head + "\r\n";
}

}  // namespace sluice
