// SPDX-License-Identifier: MIT
#include "sluice/engine/survey.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "engine/chunk_builder.hpp"
#include "engine/target_pass.hpp"
#include "sluice/core/stage_sizes.hpp"
#include "sluice/engine/submit.hpp"

namespace sluice {
namespace {

std::int64_t chunks_of(std::int64_t devices, std::size_t chunk_size) {
  const auto size = static_cast<std::int64_t>(chunk_size);
  return devices / size + (devices % size == 0 ? 0 : 1);
}

/// Tells the visitor of chunks that have become complete.
void show(const PlanVisitor& visitor, std::vector<BuiltChunk>& built) {
  for (const BuiltChunk& chunk : built) {
    if (visitor.chunk) visitor.chunk({chunk.stage, chunk.group, chunk.devices, chunk.names});
  }
  built.clear();
}

void show_group(const PlanVisitor& visitor, const TargetList& targets, const GroupedTarget& grouped) {
  if (visitor.group && targets.rules().arguments && grouped.is_first_of_group)
    visitor.group(grouped.group, grouped.target.args);
}

Error taken_devices(const TargetCounts& counts) {
  std::string examples;
  for (const TakenExample& example : counts.taken_examples)
    examples += fmt::format("{}{} (run {})", examples.empty() ? "" : ", ", example.device, example.run.value);
  const bool is_one = counts.taken == 1;
  return {ErrorKind::refused,
          fmt::format("{} of the devices {} in an unfinished run already: {}{}", counts.taken,
                      is_one ? "is" : "are", examples,
                      counts.taken > static_cast<std::int64_t>(counts.taken_examples.size()) ? ", …" : ""),
          "Wait for that run or cancel it; or say \"conflict\": \"skip\" or \"allow\" in the job file."};
}

Error nothing_left(const TargetCounts& counts) {
  std::string reasons;
  const auto add = [&reasons](std::int64_t count, std::string_view reason) {
    if (count > 0) reasons += fmt::format("{}{} {}", reasons.empty() ? "" : ", ", count, reason);
  };
  add(counts.unmatched, "do not match \"where\"");
  add(counts.excluded, "are excluded");
  add(counts.denied, "are denied by the tenant's list");
  add(counts.taken, "are in an unfinished run");
  return {ErrorKind::invalid_input, fmt::format("no device is left: {}", reasons),
          "Check the condition and the lists."};
}

class Surveyor {
 public:
  Surveyor(TargetList& targets, const SubmitRequest& request, const PlanVisitor& visitor)
      : targets_(targets),
        request_(request),
        visitor_(visitor),
        stages_(request.job.rollout.stages),
        pass_(targets, request) {}

  Result<Survey> run() {
    const Result<void> read = stages_.empty() ? read_unstaged() : read_staged();
    if (read.has_error()) return read.error();
    survey_.groups = std::max<std::int64_t>(1, static_cast<std::int64_t>(pass_.groups()));
    survey_.digest = pass_.digest(survey_.stages, survey_.chosen ? &*survey_.chosen : nullptr);
    if (stages_.empty() || !visitor_.chunk) return std::move(survey_);
    const Result<void> shown = show_staged();
    if (shown.has_error()) return shown.error();
    return std::move(survey_);
  }

 private:
  Result<void> read_unstaged() {
    ChunkBuilder builder(request_.job.chunk_size, /*is_first_scattered=*/false);
    std::vector<BuiltChunk> built;
    for (;;) {
      const auto grouped = pass_.next();
      if (grouped.has_error()) return grouped.error();
      if (!*grouped) break;
      show_group(visitor_, targets_, **grouped);
      builder.add(1, (*grouped)->group, (*grouped)->target.name, built);
      if (!built.empty()) count_and_show(built);
    }
    builder.finish(built);
    count_and_show(built);
    return check_counts();
  }

  void count_and_show(std::vector<BuiltChunk>& built) {
    survey_.chunks += static_cast<std::int64_t>(built.size());
    show(visitor_, built);
  }

  Result<void> read_staged() {
    StageChooser chooser(stages_.front());
    std::vector<std::uint32_t> groups;  // of each device; empty where all are of one
    for (;;) {
      const auto grouped = pass_.next();
      if (grouped.has_error()) return grouped.error();
      if (!*grouped) break;
      chooser.consider((*grouped)->target.name, (*grouped)->target.strata);
      if (targets_.rules().arguments) groups.push_back(static_cast<std::uint32_t>((*grouped)->group));
    }
    const Result<void> counted = check_counts();
    if (counted.has_error()) return counted;

    const std::vector<std::int64_t> sizes = stage_sizes(stages_, survey_.counts.devices);
    if (stages_.front().choice.kind != StageChoice::Kind::first) {
      Result<ChosenDevices> chosen = chooser.choose(sizes.front());
      if (chosen.has_error()) return chosen.error();
      survey_.chosen = std::move(*chosen);
    }
    for (std::size_t i = 0; i < stages_.size(); ++i) {
      survey_.stages.push_back({stages_[i].name, sizes[i], chunks_of(sizes[i], request_.job.chunk_size)});
    }
    if (pass_.groups() > 1) count_group_chunks(sizes, chooser, groups);
    for (const StageSurvey& stage : survey_.stages) survey_.chunks += stage.chunks;
    return {};
  }

  /// Each group of a stage ends with a chunk of its own.
  void count_group_chunks(const std::vector<std::int64_t>& sizes, const StageChooser& chooser,
                          const std::vector<std::uint32_t>& groups) {
    std::map<std::pair<int, std::uint32_t>, std::int64_t> devices;
    StageWalk walk(sizes, survey_.chosen ? &*survey_.chosen : nullptr);
    for (std::size_t i = 0; i < groups.size(); ++i) {
      const Draw draw = chooser.draws().empty() ? Draw{} : chooser.draws()[i];
      ++devices[{walk.next(draw), groups[i]}];
    }
    for (StageSurvey& stage : survey_.stages) stage.chunks = 0;
    for (const auto& [place, count] : devices) {
      survey_.stages[static_cast<std::size_t>(place.first - 1)].chunks +=
          chunks_of(count, request_.job.chunk_size);
    }
  }

  Result<void> check_counts() {
    survey_.counts = targets_.counts();
    if (survey_.counts.taken > 0 && request_.job.conflict == Conflict::fail)
      return taken_devices(survey_.counts);
    if (survey_.counts.devices == 0) return nothing_left(survey_.counts);
    return {};
  }

  Result<void> show_staged() {
    const Result<void> again = targets_.rewind();
    if (again.has_error()) return again;
    TargetPass pass(targets_, request_);
    StageWalk walk = stage_walk(survey_);
    ChunkBuilder builder(request_.job.chunk_size, survey_.chosen.has_value());
    std::vector<BuiltChunk> built;
    for (;;) {
      const auto grouped = pass.next();
      if (grouped.has_error()) return grouped.error();
      if (!*grouped) break;
      show_group(visitor_, targets_, **grouped);
      const std::string_view name = (*grouped)->target.name;
      builder.add(walk.next(name), (*grouped)->group, name, built);
      show(visitor_, built);
    }
    builder.finish(built);
    show(visitor_, built);
    return {};
  }

  TargetList& targets_;
  const SubmitRequest& request_;
  const PlanVisitor& visitor_;
  const std::vector<Stage>& stages_;
  TargetPass pass_;
  Survey survey_;
};

}  // namespace

StageWalk stage_walk(const Survey& survey) {
  std::vector<std::int64_t> sizes;
  for (const StageSurvey& stage : survey.stages) sizes.push_back(stage.devices);
  if (sizes.empty()) sizes.push_back(survey.counts.devices);
  return {std::move(sizes), survey.chosen ? &*survey.chosen : nullptr};
}

Result<Survey> survey(TargetList& targets, const SubmitRequest& request, const PlanVisitor& visitor) {
  return Surveyor(targets, request, visitor).run();
}

}  // namespace sluice
