// SPDX-License-Identifier: MIT
#include "sluice/engine/recovery.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "sluice/core/chunk_rules.hpp"
#include "sluice/core/kill_point.hpp"
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

Result<std::int64_t> recover_unfinished(Store& store, UtcTime now) {
  const Result<std::vector<RunRecord>> runs = store.runs(std::numeric_limits<std::int32_t>::max());
  if (runs.has_error()) return runs.error();
  std::map<RunId, ChunkPolicy> policies;
  for (const RunRecord& run : *runs) {
    if (run.chunks.in_flight == 0) continue;
    const Result<Job> job = job_of(store, run.id);
    if (job.has_error()) return job.error();
    policies[run.id] = policy_of(*job);
  }
  if (policies.empty()) return 0;
  const RecoveryRule rule = [&policies, now](const UnresolvedAttempt& lost) {
    // As for a run that is resumed: it has its deadline once more, because nobody had a chance to try
    // meanwhile.
    AttemptFacts facts = lost.facts;
    facts.run_started_at = std::max(facts.run_started_at, now);
    return recover(facts, policies.at(lost.run), now);
  };
  Result<std::int64_t> recovered = store.recover(rule, now);
  reach(KillPoint::recover_after);
  return recovered;
}

}  // namespace sluice
