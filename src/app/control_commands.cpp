// SPDX-License-Identifier: MIT
// The operator's hand on runs and tenants: pause, cancel, stop, approve, rate. The process that sends the run
// is asked to; if there is none, the command takes the store and does it itself, with the same words in the
// end.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "app/carry_out.hpp"
#include "app/commands.hpp"
#include "app/control_answer.hpp"
#include "app/control_client.hpp"
#include "app/doubt_report.hpp"
#include "app/exit_codes.hpp"
#include "app/operator_name.hpp"
#include "app/settings.hpp"
#include "app/standard_output.hpp"
#include "app/store_access.hpp"
#include "app/system_now.hpp"
#include "http_api/api_routes.hpp"
#include "sluice/core/run_rules.hpp"
#include "sluice/jobfile/device_name.hpp"
#include "sluice/store/open_store.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;

// A process that has just taken the store listens a moment later, and one that is about to end has stopped
// listening a moment before it lets go.
constexpr auto owner_awaited_for = 3s;
constexpr auto look_interval = 20ms;

Result<std::string> path_of_store(const CommonOptions& common) {
  const Environment environment = process_environment();
  const Result<Config> config = load_config(common, environment);
  if (config.has_error()) return config.error();
  return store_path(common, environment, *config);
}

bool has_owner(const std::string& path) {
  const Result<std::unique_ptr<StoreReader>> reader = open_store_reader(path);
  return reader.has_value() && (*reader)->has_owner();
}

/// By whoever has the store, be it nobody yet.
Result<ControlAnswer> carry_out_there(const std::string& path, const ApiCommand& command) {
  const auto give_up_at = std::chrono::steady_clock::now() + owner_awaited_for;
  while (true) {
    Result<std::optional<ControlAnswer>> answered = ask_owner(path, command);
    if (answered.has_error()) return answered.error();
    if (*answered) return std::move(**answered);
    Result<std::unique_ptr<Store>> store = open_existing_and_recover(path);
    if (store.has_value()) return carry_out(**store, command, operator_name(), system_now());
    const bool may_pass = store.error().kind == ErrorKind::refused && has_owner(path);
    if (!may_pass || std::chrono::steady_clock::now() > give_up_at) return store.error();
    std::this_thread::sleep_for(look_interval);
  }
}

/// Without a number, the one run that can be meant.
Result<RunId> only_unfinished_run(const std::string& path) {
  const Result<std::unique_ptr<StoreReader>> reader = open_store_reader(path);
  if (reader.has_error()) return reader.error();
  const Result<std::vector<RunRecord>> runs = (*reader)->runs(1000);
  if (runs.has_error()) return runs.error();
  std::vector<std::int64_t> unfinished;
  for (const RunRecord& run : *runs) {
    if (!is_finished(run) && run.control != RunControl::canceled) unfinished.push_back(run.id.value);
  }
  if (unfinished.size() == 1) return RunId{unfinished.front()};
  if (unfinished.empty()) {
    return Error{ErrorKind::refused, "there is nothing to pause: no run of this store is unfinished",
                 "`sluice list` shows the runs there are."};
  }
  return Error{
      ErrorKind::usage,
      fmt::format("which run? {} are unfinished: {}", unfinished.size(), fmt::join(unfinished, ", ")),
      "Name one, or pause them all: sluice stop."};
}

/// An order slows down; what the configuration allows stays the most.
Result<std::string> tenant_to_slow_down(const std::string& named, double rate, const Environment& environment,
                                        const Config& config) {
  const Result<TenantConfig> tenant = meant_tenant(named, environment, config);
  if (tenant.has_error()) return tenant.error();
  if (config.tenants.empty() || rate <= tenant->rate) return tenant->name;
  return Error{ErrorKind::refused,
               fmt::format("a rate of {} requests per second is above the {} of tenant \"{}\"", rate,
                           tenant->rate, printable(tenant->name, 64)),
               "An order can only slow the tenant down; its limit stands in the configuration."};
}

/// Whoever resumes a run waits for its end, so to be told "done" would mislead him.
Error already_sent(const std::string& path, RunId run, const ControlAnswer& answer) {
  return {ErrorKind::refused,
          fmt::format("store {} is in use by process {}, which sends run {} already", path, answer.process,
                      run.value),
          fmt::format("See how it stands: sluice status {}", run.value)};
}

Result<void> check_words(const std::string& reason) {
  if (reason.empty()) return {};
  return check_reason(reason);
}

ExitCode report(const CommonOptions& common, const ControlAnswer& answer) {
  print(common.wants_json() ? control_json(answer) : control_text(answer, common.store));
  return exit_codes::all_accepted;
}

ExitCode carry_out_and_report(const CommonOptions& common, const std::string& path,
                              const ApiCommand& command) {
  const Result<ControlAnswer> answer = carry_out_there(path, command);
  if (answer.has_error()) return answer.error();
  return report(common, *answer);
}

}  // namespace

ExitCode pause_command(const CommonOptions& common, std::optional<RunId> run, const std::string& reason) {
  const Result<void> fit = check_words(reason);
  if (fit.has_error()) return fit.error();
  const Result<std::string> path = path_of_store(common);
  if (path.has_error()) return path.error();
  const Result<RunId> meant = run ? Result<RunId>{*run} : only_unfinished_run(*path);
  if (meant.has_error()) return meant.error();
  return carry_out_and_report(common, *path, ControlRunCommand{ControlVerb::pause, *meant, reason});
}

ExitCode cancel_command(const CommonOptions& common, RunId run, const std::string& reason) {
  const Result<void> fit = check_words(reason);
  if (fit.has_error()) return fit.error();
  const Result<std::string> path = path_of_store(common);
  if (path.has_error()) return path.error();
  return carry_out_and_report(common, *path, ControlRunCommand{ControlVerb::cancel, run, reason});
}

ExitCode stop_command(const CommonOptions& common, const std::string& reason) {
  const Result<void> fit = check_words(reason);
  if (fit.has_error()) return fit.error();
  const Result<std::string> path = path_of_store(common);
  if (path.has_error()) return path.error();
  return carry_out_and_report(common, *path, StopCommand{reason});
}

ExitCode approve_command(const CommonOptions& common, RunId run, const ApproveOptionsGiven& given) {
  const Result<std::string> path = path_of_store(common);
  if (path.has_error()) return path.error();
  return carry_out_and_report(common, *path, ApproveCommand{run, given.stage, given.is_past_gate});
}

namespace {

/// Nothing would be slowed down by an order for an account that nothing is sent for: without a configuration
/// to vouch for it, the tenant must have a run.
Result<void> require_tenant(const std::string& path, const std::string& tenant, const Config& config) {
  if (!config.tenants.empty()) return {};
  const Result<std::unique_ptr<StoreReader>> reader = open_store_reader(path);
  if (reader.has_error()) return reader.error();
  const Result<std::vector<RunRecord>> runs = (*reader)->runs(std::numeric_limits<std::int32_t>::max());
  if (runs.has_error()) return runs.error();
  if (std::ranges::find(*runs, tenant, &RunRecord::tenant) != runs->end()) return {};
  return Error{ErrorKind::not_found,
               fmt::format("no run of this store belongs to a tenant {}", printable(tenant, 64)),
               "`sluice status RUN` names a run's tenant."};
}

}  // namespace

ExitCode rate_command(const CommonOptions& common, const RateOptionsGiven& given) {
  if (given.action != "set") {
    return Error{ErrorKind::usage, fmt::format("`sluice rate` has no \"{}\"", printable(given.action, 64)),
                 "Say how many requests a second, and for how long: sluice rate set 4 --for 1h"};
  }
  const Environment environment = process_environment();
  const Result<Config> config = load_config(common, environment);
  if (config.has_error()) return config.error();
  const Result<std::string> tenant = tenant_to_slow_down(given.tenant, given.rate, environment, *config);
  if (tenant.has_error()) return tenant.error();
  const std::string path = store_path(common, environment, *config);
  const Result<void> known = require_tenant(path, *tenant, *config);
  if (known.has_error()) return known.error();
  return carry_out_and_report(common, path, SetRateCommand{*tenant, given.rate, given.valid_for});
}

Result<std::optional<int>> resume_where_it_is_sent(const CommonOptions& common, const std::string& path,
                                                   RunId run) {
  const auto give_up_at = std::chrono::steady_clock::now() + owner_awaited_for;
  const ApiCommand command = ControlRunCommand{ControlVerb::resume, run, {}};
  while (true) {
    const Result<std::optional<ControlAnswer>> answered = ask_owner(path, command);
    if (answered.has_error()) return answered.error();
    if (*answered && !(*answered)->runs.front().is_changed) return already_sent(path, run, **answered);
    if (*answered) {
      const ExitCode reported = report(common, **answered);
      if (reported.has_error()) return reported.error();
      return std::optional{*reported};
    }
    if (!has_owner(path) || std::chrono::steady_clock::now() > give_up_at) return std::optional<int>{};
    std::this_thread::sleep_for(look_interval);
  }
}

}  // namespace sluice
