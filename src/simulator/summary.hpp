// SPDX-License-Identifier: MIT
// What the simulated cloud has seen, in numbers.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "fault_plan.hpp"

namespace sluice::simulator {

struct AccountSummary {
  long requests = 0;
  long most_arrivals_in_any_window = 0;  ///< in any second, half open
  double first_arrival_s = 0;            ///< since the server's start
  double last_arrival_s = 0;
};

struct Summary {
  long requests = 0;
  long executed = 0;                    ///< requests whose devices were all called
  long throttled = 0;                   ///< also counted under their code in refused
  std::map<std::string, long> refused;  ///< requests that executed nothing and were given a code, by code
  std::map<std::string, long> faults;   ///< planned faults that fired, by name
  long devices_executed = 0;            ///< distinct names
  long devices_executed_more_than_once = 0;
  long most_arrivals_in_any_window =
      0;  ///< of one account, in any second, half open, over all arrivals whatever became of them
  std::optional<double> first_arrival_s;  ///< since the server's start
  std::optional<double> last_arrival_s;
  std::map<std::string, AccountSummary> accounts;  ///< by key, if there are several
  std::string ledger_problem;                      ///< why the ledger is not complete; empty if it is
};

/// Whether a plan that wants something to go wrong met nothing it could go wrong with. Latency is no fault.
bool is_in_vain(const FaultPlan& plan, const Summary& summary);

/// A few lines for people.
std::string to_text(const Summary& summary);

/// One JSON object in one line, with the members' names.
std::string to_json(const Summary& summary);

}  // namespace sluice::simulator
