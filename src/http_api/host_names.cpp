// SPDX-License-Identifier: MIT
#include "http_api/host_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

std::string lower(std::string_view text) {
  std::string out;
  std::ranges::transform(text, std::back_inserter(out),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

std::string_view value_in(const RequestHead& head, std::string_view name) {
  const auto found = head.headers.find(name);
  return found == head.headers.end() ? std::string_view{} : std::string_view{found->second};
}

ApiAnswer foreign_page(std::string_view what) {
  return refused(403, {ErrorKind::unauthorized,
                       fmt::format("this was asked by a page of another site ({})", printable(what, 128)),
                       "Open the address itself."});
}

}  // namespace

HostNames::HostNames(const std::vector<std::string>& configured, std::uint16_t port, bool is_tls)
    : scheme_(is_tls ? "https://" : "http://") {
  for (const std::string& name : configured) names_.insert(lower(name));
  for (const char* loopback : {"127.0.0.1", "localhost", "[::1]"}) {
    names_.insert(fmt::format("{}:{}", loopback, port));
    // What a client leaves out for its scheme.
    if (port == (is_tls ? 443 : 80)) names_.insert(loopback);
  }
}

bool HostNames::has(std::string_view host) const { return names_.contains(lower(host)); }

std::optional<ApiAnswer> HostNames::objection_to(const RequestHead& head) const {
  if (!has(head.host)) {
    return refused(421, {ErrorKind::usage,
                         fmt::format("this server does not go by the name {}", printable(head.host, 128)),
                         "Its names and ports stand in the configuration under api.hosts."});
  }
  const std::string_view site = value_in(head, "sec-fetch-site");
  if (!site.empty() && site != "same-origin" && site != "none") return foreign_page(site);
  if (!head.headers.contains("origin")) return std::nullopt;
  const std::string_view origin = value_in(head, "origin");
  if (origin.starts_with(scheme_) && has(origin.substr(scheme_.size()))) return std::nullopt;
  return foreign_page(origin);
}

}  // namespace sluice
