// SPDX-License-Identifier: MIT
// Reads an endpoint as an operator writes it. What is refused here would otherwise fail later and worse: a
// query that the signature knows nothing of, a password in a log, a signed command in clear on the network.
#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>

#include "sluice/transport/https.hpp"

namespace sluice {
namespace {

Error bad_endpoint(const std::string& why, std::string_view text) {
  return Error{.kind = ErrorKind::invalid_input,
               .message = "endpoint '" + std::string(text) + "': " + why,
               .hint = "write it as https://host, https://host:port or host:port"};
}

bool is_visible_ascii(char c) { return c > ' ' && c < '\x7f'; }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Digits as they are compared and shown: no leading zeros, 1 to 65535; empty when that cannot be.
std::string canonical_port(std::string_view digits) {
  unsigned value = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool whole = failed == std::errc{} && end == digits.data() + digits.size();
  return whole && value >= 1 && value <= 65'535 ? std::to_string(value) : std::string{};
}

bool is_host_name(std::string_view name) {
  if (name.empty() || name.size() > 253 || name.front() == '.' || name.back() == '.') return false;
  const bool known = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
  if (!known || name.find("..") != std::string_view::npos) return false;
  // "127.1" or "1.2.3.456" is a mistyped address; the system would read some of them as an address after all.
  const std::string_view last = name.substr(name.rfind('.') + 1);
  return last.find_first_not_of("0123456789") != std::string_view::npos;
}

struct Authority {
  std::string_view host;
  bool in_brackets = false;
  bool has_port = false;
  std::string_view port;
  std::string_view path;
};

/// The parts of a URL that is known to be well-formed and to have no user, query or fragment. Boost.URL 1.81
/// gives them too, but takes "127.0.0.1.example" for the host 127.0.0.1 and a path: it must not decide where
/// we connect.
Authority split_authority(std::string_view url) {
  Authority parts;
  std::string_view rest = url.substr(url.find("://") + 3);
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  parts.path = rest.substr(slash);
  rest = rest.substr(0, slash);
  parts.in_brackets = rest.starts_with('[');
  const std::size_t bracket = parts.in_brackets ? std::min(rest.find(']'), rest.size()) : 0;
  const std::size_t colon = std::min(rest.find(':', bracket), rest.size());
  parts.host = parts.in_brackets ? rest.substr(1, bracket - 1) : rest.substr(0, colon);
  parts.has_port = colon < rest.size();
  parts.port = rest.substr(std::min(colon + 1, rest.size()));
  // "[::1].example" is no host at all.
  if (parts.in_brackets && colon != bracket + 1) parts.host = {};
  return parts;
}

std::string default_port(bool tls) { return tls ? "443" : "80"; }

}  // namespace

bool is_loopback(const Endpoint& endpoint) {
  if (endpoint.host == "localhost") return true;
  boost::system::error_code no_address;
  const auto address = boost::asio::ip::make_address(endpoint.host, no_address);
  return !no_address && address.is_loopback();
}

Result<Endpoint> parse_endpoint(std::string_view text) {
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_visible_ascii)) {
    // Not quoted: the text may be anything, and this message may go to a terminal.
    return Error{.kind = ErrorKind::invalid_input,
                 .message = text.empty()
                                ? "the endpoint is empty"
                                : "the endpoint holds a character that no URL has (a space, a control "
                                  "character or a letter outside ASCII)",
                 .hint = "write it as https://host, https://host:port or host:port"};
  }
  const bool bare = text.find("://") == std::string_view::npos;
  const std::string whole = bare ? "https://" + std::string(text) : std::string(text);
  const auto parsed = boost::urls::parse_uri(whole);
  if (!parsed) return bad_endpoint("this is not a URL", text);
  const boost::urls::url_view& url = *parsed;

  Endpoint endpoint;
  std::string scheme(url.scheme());
  std::transform(scheme.begin(), scheme.end(), scheme.begin(), lower);
  if (scheme != "https" && scheme != "http") return bad_endpoint("the scheme is to be https", text);
  endpoint.tls = scheme == "https";
  if (url.has_userinfo()) {
    return Error{.kind = ErrorKind::invalid_input,
                 .message = "the endpoint holds a user or password",
                 .hint = "leave out what stands before the @; credentials have their own place"};
  }
  if (url.has_query() || url.has_fragment()) return bad_endpoint("it may have no ? or # part", text);

  const Authority authority = split_authority(whole);
  endpoint.host = std::string(authority.host);
  std::transform(endpoint.host.begin(), endpoint.host.end(), endpoint.host.begin(), lower);
  if (endpoint.host.empty())
    return bad_endpoint("the host is missing (an IPv6 address stands in brackets)", text);
  boost::system::error_code no_address;
  const auto address = boost::asio::ip::make_address(endpoint.host, no_address);
  const bool scoped = endpoint.host.find('%') != std::string::npos;
  if (!no_address && address.is_v6() == authority.in_brackets && !scoped) {
    endpoint.host = address.to_string();
  } else if (authority.in_brackets || !is_host_name(endpoint.host)) {
    return bad_endpoint("'" + endpoint.host + "' is no host name", text);
  }
  endpoint.port = authority.has_port ? canonical_port(authority.port) : default_port(endpoint.tls);
  if (endpoint.port.empty()) return bad_endpoint("the port is to be a number from 1 to 65535", text);
  endpoint.target = authority.path.empty() ? "/" : std::string(authority.path);

  if (!endpoint.tls && !is_loopback(endpoint)) {
    return bad_endpoint("http:// is only for loopback; use https://", text);
  }
  return endpoint;
}

std::string to_string(const Endpoint& endpoint) {
  std::string text = endpoint.tls ? "https://" : "http://";
  const bool is_ipv6 = endpoint.host.find(':') != std::string::npos;
  text += is_ipv6 ? "[" + endpoint.host + "]" : endpoint.host;
  if (endpoint.port != default_port(endpoint.tls)) text += ":" + endpoint.port;
  if (endpoint.target != "/") text += endpoint.target;
  return text;
}

}  // namespace sluice
