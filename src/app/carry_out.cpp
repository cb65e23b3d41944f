// SPDX-License-Identifier: MIT
#include "app/carry_out.hpp"

#include <utility>
#include <variant>
#include <vector>

#include "sluice/engine/run_control.hpp"
#include "sluice/engine/stage_approval.hpp"

namespace sluice {
namespace {

struct Action {
  std::string operator()(const ControlRunCommand& command) const {
    return std::string{to_string(command.verb)};
  }
  std::string operator()(const StopCommand&) const { return "stop"; }
  std::string operator()(const ApproveCommand&) const { return "approve"; }
  std::string operator()(const SetRateCommand&) const { return "rate"; }
};

/// Fills in what came of the command.
struct OnStore {
  Store& store;
  ControlAnswer& answer;
  UtcTime now;

  Result<void> operator()(const ControlRunCommand& command) const {
    const Result<ControlDone> done = control_run(store, {.verb = command.verb,
                                                         .run = command.run,
                                                         .actor = answer.actor,
                                                         .words = command.reason,
                                                         .now = now});
    if (done.has_error()) return done.error();
    answer.runs.push_back(controlled(done->run, done->is_changed));
    return {};
  }

  Result<void> operator()(const StopCommand& command) const {
    const Result<std::vector<ControlDone>> done =
        pause_all_runs(store, {.run = {}, .actor = answer.actor, .words = command.reason, .now = now});
    if (done.has_error()) return done.error();
    for (const ControlDone& one : *done) answer.runs.push_back(controlled(one.run, one.is_changed));
    return {};
  }

  Result<void> operator()(const ApproveCommand& command) const {
    Result<ApprovedStage> approved = approve_stage(store, {.run = command.run,
                                                           .stage = command.stage,
                                                           .is_past_gate = command.is_past_gate,
                                                           .actor = answer.actor,
                                                           .now = now});
    if (approved.has_error()) return approved.error();
    answer.approved = std::move(*approved);
    return {};
  }

  Result<void> operator()(const SetRateCommand& command) const {
    const UtcTime until = now + command.valid_for;
    const Result<void> set = store.set_rate(
        {.tenant = command.tenant, .rate = command.rate, .until = until, .actor = answer.actor, .now = now});
    if (set.has_error()) return set;
    answer.rate = OrderedRate{command.tenant, command.rate, to_iso_seconds(until)};
    return {};
  }
};

}  // namespace

std::string action_of(const ApiCommand& command) { return std::visit(Action{}, command); }

Result<ControlAnswer> carry_out(Store& store, const ApiCommand& command, const std::string& actor,
                                UtcTime now) {
  ControlAnswer answer{.action = action_of(command), .actor = actor, .runs = {}};
  const Result<void> done = std::visit(OnStore{store, answer, now}, command);
  if (done.has_error()) return done.error();
  return answer;
}

}  // namespace sluice
