// SPDX-License-Identifier: MIT
#include "app/time_left.hpp"

#include <algorithm>

#include "sluice/core/plan_time.hpp"

namespace sluice {
namespace {

using std::chrono::microseconds;

std::chrono::milliseconds soak_after(const Job& job, const StageRecord& stage) {
  const auto index = static_cast<std::size_t>(stage.number - 1);
  return index < job.rollout.stages.size() ? job.rollout.stages[index].soak : std::chrono::milliseconds{0};
}

/// What is not settled yet: the rest of the stage under way, and the later ones whole.
std::vector<PlannedStage> stages_left(const RunRecord& run, const Job& job,
                                      const std::vector<StageRecord>& stages) {
  const std::int64_t devices = unfinished(run.devices);
  if (stages.empty()) return {{.name = "all", .devices = devices, .chunks = unfinished(run.chunks)}};
  std::int64_t later = 0;
  for (const StageRecord& stage : stages) later += stage.number > run.stage ? stage.devices : 0;
  const auto chunk_size = static_cast<std::int64_t>(job.chunk_size);
  std::vector<PlannedStage> left;
  for (const StageRecord& stage : stages) {
    if (stage.number < run.stage) continue;
    const std::int64_t open =
        stage.number == run.stage ? std::max<std::int64_t>(0, devices - later) : stage.devices;
    left.push_back({.name = stage.name,
                    .devices = open,
                    .chunks = (open + chunk_size - 1) / chunk_size,
                    .soak = soak_after(job, stage)});
  }
  return left;
}

/// Of the stage that is settled and soaks now.
microseconds soak_left(const RunRecord& run, const Job& job, const std::vector<StageRecord>& stages,
                       UtcTime now) {
  for (const StageRecord& stage : stages) {
    const bool is_last = stage.number == stages.back().number;
    if (stage.number != run.stage || !stage.settled_at || is_last) continue;
    return std::max(microseconds{0}, *stage.settled_at + soak_after(job, stage) - now);
  }
  return microseconds{0};
}

}  // namespace

std::optional<microseconds> time_left(const RunRecord& run, const Job& job,
                                      const std::vector<StageRecord>& stages, UtcTime now) {
  const bool waits = job.window || job.devices_per_minute || !stages.empty();
  if (!waits || !(run.rate > 0)) return std::nullopt;
  const microseconds soak = soak_left(run, job, stages, now);
  const PlanTime planned = plan_time(stages_left(run, job, stages),
                                     {.requests_per_second = run.rate,
                                      .devices_per_minute = job.devices_per_minute,
                                      .chunk_size = static_cast<std::int64_t>(job.chunk_size),
                                      .window = job.window},
                                     now + soak);
  if (planned.is_endless) return std::nullopt;
  return soak + planned.total;
}

}  // namespace sluice
