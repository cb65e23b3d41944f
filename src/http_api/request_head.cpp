// SPDX-License-Identifier: MIT
#include "http_api/request_head.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <charconv>
#include <iterator>

#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t fields_max = 64;
// What would mean two things if it stood there twice.
constexpr std::array<std::string_view, 9> single_fields{
    "host",   "content-length", "content-type",  "authorization",    "idempotency-key",
    "origin", "sec-fetch-site", "last-event-id", "transfer-encoding"};

ApiAnswer bad(std::string what, int status = 400) {
  return refused(status, {ErrorKind::usage, "this is no request that can be answered: " + std::move(what),
                          "See RFC 9112; curl writes such requests."});
}

bool is_control(char c) { return (c >= 0 && c < ' ' && c != '\t') || c == '\x7f'; }

bool is_visible_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

bool is_token(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           marks.find(c) != marks.npos;
  });
}

/// One line of the head at a time, without its line end.
std::string_view next_line(std::string_view& rest) {
  const std::string_view line = rest.substr(0, rest.find("\r\n"));
  rest.remove_prefix(std::min(line.size() + 2, rest.size()));
  return line;
}

std::optional<ApiAnswer> objection_to_start(std::string_view line) {
  const std::size_t first = std::min(line.find(' '), line.size());
  const std::size_t second = std::min(line.find(' ', first + 1), line.size());
  const std::string_view method = line.substr(0, first);
  if (second == line.size()) return bad("its first line is not METHOD TARGET HTTP/1.1");
  const std::string_view target = line.substr(first + 1, second - first - 1);
  const std::string_view version = line.substr(second + 1);
  const bool is_method = !method.empty() && method.size() <= 16 && std::ranges::all_of(method, [](char c) {
    return (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  });
  if (!is_method) return bad("its method is no word of capital letters");
  if (target.empty() || !is_visible_ascii(target)) return bad("its target is not visible ASCII");
  if (version != "HTTP/1.1") {
    return bad("HTTP/1.1 is what is spoken here",
               version.size() == 8 && version.starts_with("HTTP/") ? 505 : 400);
  }
  if (target.front() == '/' || target == "*") return std::nullopt;
  // Another server's name may stand in it: whoever believes it would not look at Host.
  return bad("its target is not a path of this server", 421);
}

std::optional<ApiAnswer> objection_to_field(std::string_view line) {
  if (line.starts_with(' ') || line.starts_with('\t')) return bad("a header field is folded");
  const std::size_t colon = line.find(':');
  if (colon == line.npos || !is_token(line.substr(0, colon))) {
    return bad("a header field is not NAME: VALUE, without a space before the colon");
  }
  return std::nullopt;
}

/// Each line by its shape: what follows may trust that a line is one field.
std::optional<ApiAnswer> objection_to_lines(std::string_view bytes) {
  if (const auto no = objection_to_start(next_line(bytes))) return no;
  std::size_t fields = 0;
  for (std::string_view line = next_line(bytes); !line.empty(); line = next_line(bytes)) {
    if (const auto no = objection_to_field(line)) return no;
    if (++fields > fields_max) return bad(fmt::format("more than {} header fields", fields_max), 431);
  }
  return std::nullopt;
}

std::string lower(std::string_view text) {
  std::string out;
  std::ranges::transform(text, std::back_inserter(out),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

/// Content-Length alone: there is one way to say where a body ends, and so only one end.
std::optional<ApiAnswer> read_framing(const ApiParameters& fields, RequestHead& head) {
  const auto length = fields.find("content-length");
  if (fields.contains("transfer-encoding")) {
    if (length != fields.end()) return bad("Content-Length and Transfer-Encoding exclude each other");
    return refused(411, {ErrorKind::usage, "a body must come with its Content-Length, not in chunks",
                         "curl --data-binary @FILE sends it so."});
  }
  if (length == fields.end()) return std::nullopt;
  const std::string& text = length->second;
  const bool is_number = !text.empty() && text.size() <= 18 &&
                         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  if (!is_number) return bad("its Content-Length is no number");
  std::from_chars(text.data(), text.data() + text.size(), head.body_bytes);
  return std::nullopt;
}

using Parser = http::request_parser<http::empty_body>;

std::optional<ApiAnswer> read_fields(const Parser::value_type& message, RequestHead& head) {
  for (const auto& field : message) {
    const auto name = lower({field.name_string().data(), field.name_string().size()});
    const std::string value{field.value().data(), field.value().size()};
    const bool is_single = std::ranges::find(single_fields, name) != single_fields.end();
    if (is_single && head.headers.contains(name)) return bad(fmt::format("{} is there twice", name));
    head.headers[name] = value;
  }
  const auto host = head.headers.find("host");
  if (host == head.headers.end()) return bad("it names no Host");
  head.host = host->second;
  return std::nullopt;
}

std::optional<ApiAnswer> read_expectation(RequestHead& head) {
  const auto expect = head.headers.find("expect");
  if (expect == head.headers.end()) return std::nullopt;
  if (lower(expect->second) != "100-continue") return bad("what it expects is unknown", 417);
  head.expects_continue = true;
  return std::nullopt;
}

}  // namespace

std::variant<std::size_t, ApiAnswer> end_of_head(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    if (c == '\r') {
      if (i + 1 == bytes.size()) return std::size_t{0};
      if (bytes[i + 1] != '\n') return bad("a carriage return without a line end");
      if (bytes.substr(i, 4) == "\r\n\r\n") return i + 4;
      ++i;
    } else if (c == '\n') {
      return bad("a line end without a carriage return");
    } else if (is_control(c)) {
      return bad("a control character");
    }
  }
  return std::size_t{0};
}

std::variant<RequestHead, ApiAnswer> read_request_head(std::string_view bytes) {
  if (auto no = objection_to_lines(bytes)) return *std::move(no);
  Parser parser;
  parser.header_limit(static_cast<std::uint32_t>(bytes.size() + 1));
  parser.body_limit(boost::none);
  parser.skip(true);
  boost::system::error_code problem;
  parser.put(boost::asio::buffer(bytes), problem);
  if (problem || !parser.is_header_done()) return bad(printable(problem.message(), 128));

  const auto& message = parser.get();
  RequestHead head;
  head.method = std::string{message.method_string().data(), message.method_string().size()};
  head.target = std::string{message.target().data(), message.target().size()};
  head.keeps_open = message.keep_alive();
  if (auto no = read_fields(message, head)) return *std::move(no);
  if (auto no = read_framing(head.headers, head)) return *std::move(no);
  if (auto no = read_expectation(head)) return *std::move(no);
  // Credentials go no further than to whoever checks them.
  if (auto found = head.headers.extract("authorization")) head.authorization = std::move(found.mapped());
  for (const char* secret : {"cookie", "proxy-authorization"}) head.headers.erase(secret);
  return head;
}

}  // namespace sluice
