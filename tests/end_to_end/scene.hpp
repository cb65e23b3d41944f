// SPDX-License-Identifier: MIT
// What an end-to-end test plays in: a folder with a home, a job, a device list and a store of its own; the
// simulated cloud on loopback, in this process; and the real program, which sees nothing else of this
// machine.
#pragma once

#include <boost/json/object.hpp>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/simulator.hpp"
#include "support/program.hpp"
#include "support/temporary_folder.hpp"

namespace sluice::tests {

using Words = std::vector<std::string>;

/// What the fault plan says, over TLS, with the limit that `fast` options send at.
simulator::Options cloud_with(std::string_view fault_plan = "{}");

/// `count` names, one a line: dev-000001, dev-000002 …
std::string device_lines(std::size_t count);

/// A valid job on fleet.txt. `members` is added to it, and ends with a comma: `"chunk_size": 10,`.
std::string job_text(std::string_view members = "");

class Scene {
 public:
  /// @param devices how many fleet.txt has
  explicit Scene(std::size_t devices);

  void start_cloud(simulator::Options options = cloud_with());

  /// Starts `sluice words…` and does not wait.
  std::unique_ptr<Program> start(const Words& words, std::string input = {}) const;
  ProgramEnd sluice(const Words& words, std::string input = {}) const;

  /// The options that lead to the cloud, then `words`.
  Words to_cloud(const Words& words) const;
  /// The words of `sluice run` against the cloud, all questions answered with yes: `words` follow.
  Words run(const Words& words = {}) const;
  /// … and of `sluice resume 1`.
  Words resume(const Words& words = {}) const;

  boost::json::object status() const;
  /// `sluice results 1 --output ndjson` with `words`, one object a row.
  std::vector<boost::json::object> results(const Words& words = {}) const;
  /// How often the cloud executed each device, by its ledger.
  std::map<std::string, int> executions() const;
  std::vector<boost::json::object> ledger() const;

  TemporaryFolder folder;
  std::string store;
  std::string job;
  std::string devices;
  std::string ca_file;
  std::vector<std::string> environment;  ///< with a key that the cloud knows
  std::unique_ptr<simulator::Simulator> cloud;
  std::string rate = "500";
};

/// Whether every one of `devices` names was executed, and none more than once.
bool each_once(const std::map<std::string, int>& executions, std::size_t devices);

std::string member_text(const boost::json::object& object, std::string_view name);
std::int64_t member_number(const boost::json::object& object, std::string_view name);
boost::json::object json_object(std::string_view text);

}  // namespace sluice::tests
