// SPDX-License-Identifier: MIT
// A certificate authority of our own, made in memory, and a certificate for a server on loopback signed by
// it.
#pragma once

#include <string>
#include <variant>

namespace sluice::simulator {

struct ServerIdentity {
  std::string ca_pem;           ///< what a client has to trust
  std::string certificate_pem;  ///< for localhost, 127.0.0.1 and ::1
  std::string key_pem;
};

std::variant<ServerIdentity, std::string> make_server_identity();

}  // namespace sluice::simulator
