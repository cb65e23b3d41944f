// SPDX-License-Identifier: MIT
// Writes a request out as one string, so that it can be handed to the connection in one go.
#include "transport/https/request_text.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>

namespace sluice {
namespace {

bool is_token_char(char c) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         others.find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

bool is_target(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

bool is_header_value(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
  });
}

bool is_same_name(std::string_view left, std::string_view right) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [&](char a, char b) { return lower(a) == lower(b); });
}

/// Headers that decide how the bytes are framed and where they go.
constexpr std::array<std::string_view, 7> own_headers{
    "Host", "Content-Length", "Connection", "Transfer-Encoding", "Upgrade", "Expect", "Trailer"};

std::string in_brackets(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

}  // namespace

std::string host_header(const Endpoint& endpoint) {
  const bool default_port = endpoint.port == (endpoint.tls ? "443" : "80");
  return in_brackets(endpoint.host) + (default_port ? "" : ":" + endpoint.port);
}

std::string display_name(const Endpoint& endpoint) {
  return in_brackets(endpoint.host) + ":" + endpoint.port;
}

std::string request_text(const HttpRequest& request, const Endpoint& endpoint) {
  if (!is_token(request.method)) throw std::invalid_argument("the request's method is no HTTP method");
  if (!is_target(request.target))
    throw std::invalid_argument("the request's target has forbidden characters");

  std::string text =
      request.method + " " + request.target + " HTTP/1.1\r\nHost: " + host_header(endpoint) + "\r\n";
  for (const auto& [name, value] : request.headers) {
    if (!is_token(name)) throw std::invalid_argument("a header's name has forbidden characters");
    if (!is_header_value(value))
      throw std::invalid_argument("header " + name + ": forbidden characters in its value");
    const bool is_ours = std::any_of(own_headers.begin(), own_headers.end(),
                                     [&](std::string_view own) { return is_same_name(own, name); });
    if (is_ours) throw std::invalid_argument("header " + name + " is set by the transport alone");
    text += name + ": " + value + "\r\n";
  }
  text += "Content-Length: " + std::to_string(request.body.size()) + "\r\nConnection: keep-alive\r\n\r\n";
  return text + request.body;
}

}  // namespace sluice
