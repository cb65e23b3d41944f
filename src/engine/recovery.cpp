// SPDX-License-Identifier: MIT
#include "sluice/engine/recovery.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include "sluice/core/chunk_rules.hpp"
#include "sluice/core/kill_point.hpp"
#include "sluice/core/stop_rules.hpp"
#include "sluice/jobfile/job_file.hpp"

namespace sluice {

Result<Job> job_of(StoreReader& store, RunId run) {
  const Result<std::optional<RunRecord>> record = store.run(run);
  if (record.has_error()) return record.error();
  Result<std::string> text = store.job_text(run);
  if (text.has_error()) return text.error();
  Result<Job> job = read_job(fmt::format("job of run {}", run.value), std::move(*text));
  const bool is_undo = *record && (*record)->purpose == RunPurpose::undo;
  if (job.has_error() || !is_undo) return job;
  return undoing(std::move(*job));
}

// What is undone has done harm, or might: it does not wait for a canary, or for the night.
Job undoing(Job job) {
  job.call = std::move(*job.compensate);
  job.compensate.reset();
  job.rollout.stages.clear();
  job.rollout.is_unstaged_on_purpose = true;
  job.window.reset();
  job.deadline.reset();
  return job;
}

namespace {

/// What the chunks came to that a dead process had left, run by run.
using Recovered = std::map<RunId, std::vector<ChunkResult>>;

/// A threshold that is passed by what a crash left in doubt stops the run like any other.
Result<void> judge_recovered(Store& store, const std::map<RunId, Job>& jobs, const Recovered& recovered,
                             UtcTime now) {
  for (const auto& [run, results] : recovered) {
    const Result<RunTally> tally = store.tally(run);
    if (tally.has_error()) return tally.error();
    for (const ChunkResult& result : results) {
      const std::optional<Trip> trip = judge(jobs.at(run).rollout, *tally, result);
      if (!trip) continue;
      const bool to_cancel = trip->action == StopAction::cancel;
      const Result<void> stopped =
          store.set_run_control({.run = run,
                                 .control = to_cancel ? RunControl::canceled : RunControl::paused,
                                 .cause = ControlCause::threshold,
                                 .reason = trip->reason,
                                 .now = now});
      if (stopped.has_error()) return stopped;
      break;
    }
  }
  return {};
}

}  // namespace

Result<std::int64_t> recover_unfinished(Store& store, UtcTime now) {
  const Result<std::vector<RunRecord>> runs = store.runs(std::numeric_limits<std::int32_t>::max());
  if (runs.has_error()) return runs.error();
  std::map<RunId, Job> jobs;
  for (const RunRecord& run : *runs) {
    if (run.chunks.in_flight == 0) continue;
    Result<Job> job = job_of(store, run.id);
    if (job.has_error()) return job.error();
    jobs.emplace(run.id, std::move(*job));
  }
  if (jobs.empty()) return 0;
  Recovered recovered;
  const RecoveryRule rule = [&](const UnresolvedAttempt& lost) {
    // As for a run that is resumed: it has its deadline once more, because nobody had a chance to try
    // meanwhile.
    AttemptFacts facts = lost.facts;
    facts.run_started_at = std::max(facts.run_started_at, now);
    const Transition next = recover(facts, policy_of(jobs.at(lost.run)), now);
    recovered[lost.run].push_back({.stage = lost.stage,
                                   .devices = facts.devices,
                                   .is_part = facts.is_part,
                                   .state = next.state,
                                   .outcome = OutcomeKind::silent});
    return next;
  };
  // In one transaction: a process that dies in between must not leave doubt that nobody has judged.
  const Result<void> begun = store.begin();
  if (begun.has_error()) return begun.error();
  Result<std::int64_t> count = store.recover(rule, now);
  const Result<void> judged =
      count.has_error() ? count.error() : judge_recovered(store, jobs, recovered, now);
  if (judged.has_error()) {
    store.abandon();
    return judged.error();
  }
  const Result<void> committed = store.commit();
  if (committed.has_error()) return committed.error();
  reach(KillPoint::recover_after);
  return count;
}

}  // namespace sluice
