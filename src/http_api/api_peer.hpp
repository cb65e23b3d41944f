// SPDX-License-Identifier: MIT
// Who is at the other end of a connection, before he has said anything.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "http_api/control_socket.hpp"
#include "http_api/host_names.hpp"

namespace sluice {

struct ApiPeer {
  std::optional<SocketPeer> process;  ///< of the unix socket
  std::string origin;                 ///< "unix", or the address of a TCP peer
  bool is_tls = false;
  bool is_loopback = false;
  std::shared_ptr<const HostNames> names = {};  ///< that he may ask under; null: over the unix socket

  bool is_local() const { return names == nullptr; }
};

}  // namespace sluice
