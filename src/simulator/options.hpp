// SPDX-License-Identifier: MIT
// How the simulated cloud is set up: where it listens, which account it knows, and what goes wrong in it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fault_plan.hpp"

namespace sluice::simulator {

struct Options {
  std::string bind = "127.0.0.1";
  unsigned short port = 0;  ///< 0: any free one
  bool tls = false;
  std::string
      certificate_file;     ///< PEM; empty with tls: an own CA and a certificate for loopback, made in memory
  std::string key_file;     ///< PEM
  std::string ca_file_out;  ///< where to write the own CA's PEM
  FaultPlan faults;
  std::string ledger_file;  ///< NDJSON, appended to as things happen; empty: none

  std::string access_key_id = "testid";
  std::string access_key_secret = "testsecret";
  /// More than one: their keys are access_key_id followed by 1, 2, …; all have that secret, and each a quota.
  int accounts = 1;
  std::string security_token;  ///< If set, every request must carry it; if not, none may.
  double requests_per_second = 10;
  std::string action = "InvokeThingsService";
  std::vector<std::string> products;  ///< empty: any that is well formed
  std::vector<std::string> devices;   ///< empty: any that is well formed
  std::string iot_instance_id;        ///< If set, every request must carry it.
  std::uint64_t seed = 1;
};

}  // namespace sluice::simulator
