// SPDX-License-Identifier: MIT
// Under which names a listener may be asked. A web page can make a browser ask any address under a name of
// its own (DNS rebinding), and any site in the user's name (CSRF): what a browser says of that is held
// against the names that the operator has configured.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "http_api/api_message.hpp"
#include "http_api/request_head.hpp"

namespace sluice {

class HostNames {
 public:
  /// @param configured "name:port" each, as a client writes them
  /// @param port of the listener, whose loopback names are always right
  HostNames(const std::vector<std::string>& configured, std::uint16_t port, bool is_tls);

  /// As it stands in Host: in any case of letters; nothing else about it may differ.
  bool has(std::string_view host) const;

  /// Absent: it was asked under one of its names, and not by a page of somebody else's.
  std::optional<ApiAnswer> objection_to(const RequestHead& head) const;

 private:
  std::set<std::string, std::less<>> names_;  ///< in lower case
  std::string scheme_;
};

}  // namespace sluice
