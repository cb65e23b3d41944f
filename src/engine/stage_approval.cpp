// SPDX-License-Identifier: MIT
#include "sluice/engine/stage_approval.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "sluice/engine/recovery.hpp"
#include "sluice/engine/run_control.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

Error no_such_stage(const ApprovalOrder& order, const std::vector<StageRecord>& stages) {
  std::vector<std::string> names;
  for (const StageRecord& stage : stages) names.push_back(printable(stage.name, 64));
  return {ErrorKind::not_found,
          fmt::format("run {} has no stage \"{}\"", order.run.value, printable(order.stage, 64)),
          names.empty() ? "It has no stages at all: nothing of it waits for an approval."
                        : fmt::format("Its stages are: {}.", fmt::join(names, ", "))};
}

/// Absent: the run has no such stage.
const StageRecord* meant_by(const ApprovalOrder& order, const RunRecord& run,
                            const std::vector<StageRecord>& stages) {
  const auto found = std::ranges::find_if(stages, [&](const StageRecord& stage) {
    return order.stage.empty() ? stage.number == run.stage + 1 : stage.name == order.stage;
  });
  return found == stages.end() ? nullptr : &*found;
}

/// Whoever names no stage means the one that waits now: the one before it is over, or has stopped the run.
bool is_its_turn(const RunRecord& run, const std::vector<StageRecord>& stages) {
  if (run.stage == 0 || run.control == RunControl::paused) return true;
  return stages.at(static_cast<std::size_t>(run.stage - 1)).settled_at.has_value();
}

Error not_waiting(const RunRecord& run, const StageRecord& stage) {
  return {ErrorKind::refused,
          fmt::format("stage {} of run {} does not wait for an approval yet", printable(stage.name, 64),
                      run.id.value),
          fmt::format("To approve it ahead: sluice approve {} --stage \"{}\"", run.id.value,
                      printable(stage.name, 64))};
}

Error not_asked_for(const RunRecord& run, const StageRecord& stage) {
  return {
      ErrorKind::refused,
      fmt::format("stage {} of run {} asks for no approval", printable(stage.name, 64), run.id.value),
      fmt::format("If a gate holds it back, this overrules it: sluice approve {} --stage \"{}\" --past-gate",
                  run.id.value, printable(stage.name, 64))};
}

/// The job as it was submitted says who may approve.
Result<std::optional<Approval>> approval_of(Store& store, RunId run, const StageRecord* stage) {
  if (stage == nullptr) return std::optional<Approval>{};
  const Result<Job> job = job_of(store, run);
  if (job.has_error()) return job.error();
  const auto index = static_cast<std::size_t>(stage->number - 1);
  if (index >= job->rollout.stages.size()) return std::optional<Approval>{};
  return job->rollout.stages[index].approval;
}

}  // namespace

Result<ApprovedStage> approve_stage(Store& store, const ApprovalOrder& order) {
  const Result<RunRecord> run = known_run(store, order.run);
  if (run.has_error()) return run.error();
  const Result<std::vector<StageRecord>> stages = store.stages(order.run);
  if (stages.has_error()) return stages.error();
  const StageRecord* stage = meant_by(order, *run, *stages);
  if (stage == nullptr && !order.stage.empty()) return no_such_stage(order, *stages);
  if (order.stage.empty() && stage != nullptr && !is_its_turn(*run, *stages))
    return not_waiting(*run, *stage);
  const Result<std::optional<Approval>> wanted = approval_of(store, order.run, stage);
  if (wanted.has_error()) return wanted.error();
  const bool is_to_come = stage != nullptr && stage->number > run->stage;
  if (is_to_come && !*wanted && !order.is_past_gate) return not_asked_for(*run, *stage);
  StageApproval approval{.run = order.run,
                         .stage = {},
                         .actor = order.actor,
                         .digest = {},
                         .not_by_submitter = *wanted && (*wanted)->not_by_submitter,
                         .is_past_gate = order.is_past_gate,
                         .now = order.now};
  if (stage != nullptr) approval.stage = stage->number;
  const Result<int> approved = store.approve(approval);
  if (approved.has_error()) return approved.error();
  const bool was_so = stage != nullptr && stage->approved_at && (stage->is_past_gate || !order.is_past_gate);
  return ApprovedStage{.run = order.run,
                       .number = *approved,
                       .name = stage == nullptr ? std::string{} : stage->name,
                       .is_past_gate = order.is_past_gate || (stage != nullptr && stage->is_past_gate),
                       .is_changed = !was_so};
}

}  // namespace sluice
