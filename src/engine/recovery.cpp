// SPDX-License-Identifier: MIT
#include "sluice/engine/recovery.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "engine/run_stages.hpp"
#include "sluice/core/chunk_rules.hpp"
#include "sluice/core/kill_point.hpp"
#include "sluice/core/mutation.hpp"
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

/// A run that a dead process had requests of in flight.
struct LostRun {
  ChunkPolicy policy;
  RunStages stages;
};

/// The code that the record has of it, as Store::recover() says.
std::string code_of_lost(Held held) {
  return held == Held::poison ? std::string{to_string(held)} : std::string{"process_lost"};
}

Result<LostRun> lost_run(Store& store, const RunRecord& run) {
  const Result<Job> job = job_of(store, run.id);
  if (job.has_error()) return job.error();
  LostRun lost{policy_of(*job), RunStages{job->rollout}};
  if (!lost.stages.is_needed()) return lost;
  Result<RunTally> tally = store.tally(run.id);
  if (tally.has_error()) return tally.error();
  lost.stages.begin(*std::move(tally), run.stage);
  return lost;
}

Transition recover_one(LostRun& run, const UnresolvedAttempt& attempt, UtcTime now) {
  // As for a run that is resumed: it has its deadline once more, because nobody had a chance to try
  // meanwhile.
  AttemptFacts facts = attempt.facts;
  facts.run_started_at = std::max(facts.run_started_at, now);
  Transition next = recover(facts, run.policy, now);
  // What is in doubt now counts like any other doubt: whoever goes on must not send past a threshold.
  const std::optional<Trip> trip = run.stages.heed({.stage = attempt.stage,
                                                    .devices = facts.devices,
                                                    .is_part = facts.is_part,
                                                    .state = next.state,
                                                    .outcome = OutcomeKind::silent,
                                                    .code = code_of_lost(next.held)});
  const bool is_stopped = trip && !is_seeded(Mutation::lost_not_judged);
  return is_stopped ? stopped_by(*trip, std::move(next), {}) : next;
}

}  // namespace

Result<std::int64_t> recover_unfinished(Store& store, UtcTime now) {
  const Result<std::vector<RunRecord>> runs = store.runs(std::numeric_limits<std::int32_t>::max());
  if (runs.has_error()) return runs.error();
  std::map<RunId, LostRun> lost_runs;
  for (const RunRecord& run : *runs) {
    if (run.chunks.in_flight == 0) continue;
    Result<LostRun> lost = lost_run(store, run);
    if (lost.has_error()) return lost.error();
    lost_runs.emplace(run.id, *std::move(lost));
  }
  if (lost_runs.empty()) return 0;
  const RecoveryRule rule = [&lost_runs, now](const UnresolvedAttempt& attempt) {
    return recover_one(lost_runs.at(attempt.run), attempt, now);
  };
  Result<std::int64_t> recovered = store.recover(rule, now);
  reach(KillPoint::recover_after);
  return recovered;
}

}  // namespace sluice
