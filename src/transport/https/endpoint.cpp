// SPDX-License-Identifier: MIT
// Reads an endpoint as an operator writes it. What is refused here would otherwise fail later and worse: a
// query that the signature knows nothing of, a password in a log, a signed command in clear on the network.
#include <algorithm>
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
  return known && name.find("..") == std::string_view::npos;
}

std::string default_port(bool tls) { return tls ? "443" : "80"; }

}  // namespace

bool is_loopback(const Endpoint& endpoint) {
  if (endpoint.host == "localhost" || endpoint.host == "::1") return true;
  const auto url = boost::urls::parse_uri("http://" + endpoint.host);
  return url.has_value() && url->host_type() == boost::urls::host_type::ipv4 &&
         url->host_ipv4_address().is_loopback();
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

  using boost::urls::host_type;
  if (url.host_type() == host_type::none || url.host_type() == host_type::ipvfuture) {
    return bad_endpoint("the host is missing", text);
  }
  // For an IPv6 address this is the part between the brackets, spelt canonically.
  endpoint.host = url.host_type() == host_type::ipv6 ? url.host_ipv6_address().to_string()
                                                     : std::string(url.encoded_host_address());
  std::transform(endpoint.host.begin(), endpoint.host.end(), endpoint.host.begin(), lower);
  if (url.host_type() == host_type::name && !is_host_name(endpoint.host)) {
    return bad_endpoint("'" + endpoint.host + "' is no host name", text);
  }
  endpoint.port = url.has_port() ? canonical_port(url.port()) : default_port(endpoint.tls);
  if (endpoint.port.empty()) return bad_endpoint("the port is to be a number from 1 to 65535", text);
  endpoint.target = url.encoded_path().empty() ? "/" : std::string(url.encoded_path());

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
