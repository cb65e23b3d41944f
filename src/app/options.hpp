// SPDX-License-Identifier: MIT
// What the command line said, as values, before anything else is looked at.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sluice/core/time.hpp"
#include "sluice/jobfile/parameter.hpp"

namespace sluice {

enum class ProgressMode { automatic, plain, json, none };

/// Options of every verb.
struct CommonOptions {
  std::string store;  ///< empty: not given
  std::string config;
  std::string output;  ///< "text", "json", …: which words a verb takes is its own business
  ProgressMode progress = ProgressMode::automatic;
  bool is_quiet = false;
  bool is_verbose = false;
  bool is_rehearsal = false;  ///< its cloud is gone when it ends, so no command to go on with is named

  bool wants_json() const { return output == "json"; }
};

/// Options of the verbs that send, or plan to.
struct SendOptions {
  std::string job_file;
  std::string devices_file;  ///< "-" is standard input
  std::string column;
  std::vector<ParameterSetting> settings;  ///< of the job's params
  std::string endpoint;
  std::string tenant;
  std::string credentials_file;
  std::string profile;
  std::string ca_file;
  std::optional<double> rate;
  std::optional<int> in_flight;
  std::optional<std::chrono::milliseconds> connect_timeout;
  std::optional<std::chrono::milliseconds> tls_timeout;
  std::optional<std::chrono::milliseconds> exchange_timeout;
  std::optional<std::int64_t> expected_devices;
  std::string plan_file;         ///< a plan that was kept: nothing may have changed since; empty: none
  bool says_yes = false;         ///< every question is answered with yes
  std::optional<UtcTime> start;  ///< plan, and virtual rehearsal: as if it were then; absent: now
};

struct ResultsOptionsGiven {
  std::string state;
  std::optional<std::string> code;  ///< "none": without one; absent: any
  bool raw = false;
};

/// What `sluice doubt` is told.
struct DoubtOptionsGiven {
  std::string action;                ///< "list", "accept" or "resend"
  std::vector<std::int64_t> chunks;  ///< only these; empty: all in doubt
  std::string reason;
  std::optional<std::int64_t> expected_devices;
  bool wants_decided = false;  ///< list what was decided, not what is in doubt
};

/// What `sluice approve` is told.
struct ApproveOptionsGiven {
  std::string stage;  ///< empty: the next one
  bool is_past_gate = false;
};

/// What `sluice rate` is told.
struct RateOptionsGiven {
  std::string action;  ///< "set"
  std::string tenant;  ///< empty: the default one
  double rate = 0;     ///< requests per second
  std::chrono::milliseconds valid_for{0};
};

struct RehearseOptions {
  std::string faults_file;
  std::string ledger_file;
  std::uint64_t seed = 1;
  bool is_virtual = false;  ///< in virtual time
};

}  // namespace sluice
