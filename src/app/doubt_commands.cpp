// SPDX-License-Identifier: MIT
// The operator's hand on devices in doubt: doubt list, accept, resend.
#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <memory>
#include <utility>

#include "app/commands.hpp"
#include "app/daemon_work.hpp"
#include "app/doubt_report.hpp"
#include "app/exit_codes.hpp"
#include "app/operator_name.hpp"
#include "app/run_report.hpp"
#include "app/say.hpp"
#include "app/settings.hpp"
#include "app/store_access.hpp"
#include "app/system_now.hpp"
#include "app/wrong_use.hpp"
#include "jobfile/nearest_word.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

Error unknown_action(std::string_view action) {
  constexpr std::array<std::string_view, 3> actions{"list", "accept", "resend"};
  const auto nearest = nearest_word(action, actions);
  return wrong_use(fmt::format("`sluice doubt` has no \"{}\"", printable(action, 64)),
                   nearest ? fmt::format("Did you mean `sluice doubt {} RUN`?", *nearest)
                           : "One of list, accept, resend.");
}

ExitCode list(const CommonOptions& common, RunId id, const DoubtOptionsGiven& given) {
  if (!given.reason.empty() || given.expected_devices || !given.chunks.empty()) {
    return wrong_use("--reason, --expect-devices and --chunk decide, and `sluice doubt list` only shows",
                     "Leave them out, or use accept or resend.");
  }
  const Result<std::unique_ptr<StoreReader>> store = open_to_look(common);
  if (store.has_error()) return store.error();
  const Result<RunRecord> run = find_run(**store, id);
  if (run.has_error()) return run.error();
  if (given.wants_decided) {
    const Result<std::vector<DecidedChunk>> decided = (*store)->doubt_decisions(id);
    if (decided.has_error()) return decided.error();
    fmt::print("{}", common.wants_json() ? decided_json(id, *decided) : decided_text(id, *decided));
    return exit_codes::all_accepted;
  }
  const Result<std::vector<DoubtfulChunk>> doubts = (*store)->doubts(id);
  if (doubts.has_error()) return doubts.error();
  fmt::print("{}",
             common.wants_json() ? doubt_list_json(id, *doubts) : doubt_list_text(id, *doubts, common.store));
  return exit_codes::all_accepted;
}

int report_decided(const CommonOptions& common, const DoubtDecision& decision, const DoubtResolved& resolved,
                   const std::string& next) {
  if (common.wants_json()) {
    fmt::print("{}", resolved_json(decision, resolved, next));
    return exit_codes::all_accepted;
  }
  fmt::print("{}", resolved_text(decision, resolved));
  if (!common.is_quiet) say(fmt::format("On record as decided by {}. Next: {}\n", decision.actor, next));
  return exit_codes::all_accepted;
}

ExitCode decide(const CommonOptions& common, const DoubtDecision& decision) {
  const Environment environment = process_environment();
  const Result<Config> config = load_config(common, environment);
  if (config.has_error()) return config.error();
  const std::string path = store_path(common, environment, *config);
  if (is_served_by_daemon(path)) {
    const Result<DoubtResolved> resolved = decide_in_daemon(path, decision);
    if (resolved.has_error()) return resolved.error();
    return report_decided(common, decision, *resolved,
                          command_after(decision, common.store, /*has_daemon=*/true));
  }
  const Result<std::unique_ptr<Store>> store = open_existing_and_recover(path);
  if (store.has_error()) return store.error();
  const Result<RunRecord> run = find_run(**store, decision.run);
  if (run.has_error()) return run.error();
  const Result<DoubtResolved> resolved = (*store)->resolve_doubt(decision);
  if (resolved.has_error()) return resolved.error();
  return report_decided(common, decision, *resolved,
                        command_after(decision, common.store, /*has_daemon=*/false));
}

}  // namespace

ExitCode doubt_command(const CommonOptions& common, RunId run, const DoubtOptionsGiven& given) {
  if (given.action == "list") return list(common, run, given);
  const std::optional<DoubtVerdict> verdict = doubt_verdict_from(given.action);
  if (!verdict) return unknown_action(given.action);
  if (given.wants_decided) {
    return wrong_use(fmt::format("--decided shows, and `sluice doubt {}` decides", given.action),
                     "It belongs to `sluice doubt list`.");
  }
  const Result<void> checked = check_reason(given.reason);
  if (checked.has_error()) return checked.error();
  DoubtDecision decision{.run = run,
                         .verdict = *verdict,
                         .expected_devices = given.expected_devices,
                         .actor = operator_name(),
                         .reason = given.reason,
                         .now = system_now()};
  for (const std::int64_t chunk : given.chunks) decision.chunks.insert(ChunkId{chunk});
  return decide(common, decision);
}

}  // namespace sluice
