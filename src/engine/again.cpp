// SPDX-License-Identifier: MIT
#include "sluice/engine/again.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "sluice/core/run_rules.hpp"
#include "sluice/core/stage_sizes.hpp"
#include "sluice/engine/conflicts.hpp"
#include "sluice/engine/recovery.hpp"

namespace sluice {
namespace {

constexpr std::size_t chunks_per_slice = 500;

// In the record's words, "in flight" without a process is what may have been executed and waits for its turn.
bool is_selected(const AgainSelection& selection, const DeviceResult& device) {
  switch (device.state) {
    case ChunkState::failed:
      if (!selection.failed) return false;
      break;
    case ChunkState::pending:
    case ChunkState::canceled:
      if (!selection.not_sent) return false;
      break;
    case ChunkState::in_doubt:
    case ChunkState::in_flight:
      if (!selection.in_doubt) return false;
      break;
    case ChunkState::succeeded:
      if (!selection.accepted) return false;
      break;
    case ChunkState::split:
      return false;
  }
  return !selection.where || selection.where(device);
}

/// Collects the selected devices, apart by their arguments.
class Collector {
 public:
  Collector(const AgainSelection& selection, const std::set<std::string, std::less<>>& taken,
            AgainSurvey& survey)
      : selection_(selection), taken_(taken), survey_(survey) {}

  bool operator()(const DeviceResult& device) {
    if (!is_selected(selection_, device)) return true;
    if (taken_.contains(device.device)) {
      ++survey_.taken_before;
      return true;
    }
    const std::int64_t key = device.arguments ? device.arguments->value : 0;
    const auto [place, is_new] = group_of_.try_emplace(key, survey_.groups.size());
    if (is_new) survey_.groups.push_back({.arguments = device.arguments, .names = {}});
    AgainGroup& group = survey_.groups[place->second];
    group.names.append(device.device).push_back('\n');
    ++group.devices;
    ++survey_.devices[device.state];
    return true;
  }

 private:
  const AgainSelection& selection_;
  const std::set<std::string, std::less<>>& taken_;
  AgainSurvey& survey_;
  std::map<std::int64_t, std::size_t> group_of_;
};

Result<void> check_undo(const RunRecord& parent, const Job& job) {
  if (parent.purpose == RunPurpose::undo) {
    return Error{ErrorKind::refused, fmt::format("run {} is an undo itself", parent.id.value),
                 "Run the job again instead."};
  }
  if (!job.compensate) {
    return Error{
        ErrorKind::refused, fmt::format("the job of run {} has no \"compensate\" call", parent.id.value),
        "Write a job that undoes it, and run it for: sluice results RUN --state accepted --output txt"};
  }
  if (!is_finished(parent)) {
    return Error{ErrorKind::refused,
                 fmt::format("run {} is not over: it could send again what is undone", parent.id.value),
                 fmt::format("First: sluice cancel {}", parent.id.value)};
  }
  return {};
}

/// The first stage was chosen for the whole list; of a part of it, it is drawn.
std::vector<NewStage> stages_of(Rollout& rollout, std::int64_t devices) {
  if (rollout.stages.empty()) return {};
  Stage& first = rollout.stages.front();
  if (first.choice.kind == StageChoice::Kind::named)
    first.devices = static_cast<std::int64_t>(first.choice.devices.size());
  first.choice = {};
  const std::vector<std::int64_t> sizes = stage_sizes(rollout.stages, devices);
  std::vector<NewStage> stages;
  for (std::size_t i = 0; i < sizes.size(); ++i) stages.push_back({rollout.stages[i].name, sizes[i]});
  return stages;
}

/// Fills the new run: stage by stage, and within a stage group by group.
class Filler {
 public:
  Filler(Store& store, RunId run, const AgainSurvey& survey) : store_(store), run_(run), survey_(survey) {}

  Result<void> fill(const std::vector<std::optional<ArgumentsId>>& arguments) {
    for (std::size_t i = 0; i < survey_.groups.size(); ++i) {
      std::string_view names = survey_.groups[i].names;
      while (!names.empty()) {
        NewChunk chunk = next_chunk(names);
        chunk.arguments = arguments[i];
        slice_.push_back(std::move(chunk));
        if (slice_.size() < chunks_per_slice) continue;
        const Result<void> added = flush();
        if (added.has_error()) return added;
      }
    }
    return flush();
  }

 private:
  /// Never over the end of a stage.
  NewChunk next_chunk(std::string_view& names) {
    while (stage_ < survey_.stages.size() && in_stage_ == survey_.stages[stage_].devices) {
      ++stage_;
      in_stage_ = 0;
    }
    NewChunk chunk{.stage = static_cast<int>(stage_) + 1};
    std::size_t end = 0;
    while (end < names.size() && static_cast<std::size_t>(chunk.devices) < survey_.job.chunk_size) {
      if (stage_ < survey_.stages.size() && in_stage_ == survey_.stages[stage_].devices) break;
      end = names.find('\n', end) + 1;
      ++chunk.devices;
      ++in_stage_;
    }
    chunk.names = names.substr(0, end);
    names.remove_prefix(end);
    return chunk;
  }

  Result<void> flush() {
    if (slice_.empty()) return {};
    Result<void> added = store_.add_chunks(run_, slice_);
    slice_.clear();
    return added;
  }

  Store& store_;
  RunId run_;
  const AgainSurvey& survey_;
  std::vector<NewChunk> slice_;
  std::size_t stage_ = 0;
  std::int64_t in_stage_ = 0;
};

/// The arguments of each group, for the new run.
Result<std::vector<std::optional<ArgumentsId>>> copy_arguments(Store& store, RunId run, RunPurpose purpose,
                                                               const AgainSurvey& survey) {
  std::vector<std::optional<ArgumentsId>> copies;
  for (const AgainGroup& group : survey.groups) {
    copies.emplace_back();
    if (!group.arguments) continue;
    Result<RenderedArguments> of_parent = store.arguments(*group.arguments);
    if (of_parent.has_error()) return of_parent.error();
    if (purpose == RunPurpose::undo) {
      if (of_parent->compensate_args.empty()) continue;
      of_parent = RenderedArguments{.args = of_parent->compensate_args};
    }
    const Result<ArgumentsId> copy = store.add_arguments(run, *of_parent);
    if (copy.has_error()) return copy.error();
    copies.back() = *copy;
  }
  return copies;
}

/// One transaction: there is no moment at which a device is pending in both, or in neither.
Result<void> seal(Store& store, RunId run, const AgainRequest& request, const AgainSurvey& survey) {
  const Result<void> begun = store.begin();
  if (begun.has_error()) return begun;
  Result<void> done = store.seal_run(run, 0);
  if (done.has_value() && survey.closes_parent) {
    done = store.set_run_control({.run = request.parent,
                                  .control = RunControl::canceled,
                                  .reason = fmt::format("its devices went over to run {}", run.value),
                                  .actor = request.submitter,
                                  .now = request.now});
  }
  if (done.has_value()) return store.commit();
  store.abandon();
  return done;
}

/// Devices that an earlier retry, or undo, of the same run has taken: what becomes of them is that one's.
Result<std::set<std::string, std::less<>>> taken_before(StoreReader& store, const AgainRequest& request,
                                                        std::optional<RunId>& by) {
  std::set<std::string, std::less<>> taken;
  const Result<std::vector<RunRecord>> runs = store.runs(std::numeric_limits<std::int32_t>::max());
  if (runs.has_error()) return runs.error();
  for (const RunRecord& run : *runs) {
    if (run.parent != request.parent || run.purpose != request.purpose) continue;
    by = by.value_or(run.id);
    const Result<void> read = store.for_each_device(run.id, {}, [&](const DeviceResult& device) {
      taken.emplace(device.device);
      return true;
    });
    if (read.has_error()) return read.error();
  }
  return taken;
}

/// A retry of an undo is one: it sends what the undo sent.
RunPurpose purpose_of_child(const AgainRequest& request, const RunRecord& parent) {
  return parent.purpose == RunPurpose::undo ? RunPurpose::undo : request.purpose;
}

Error nothing_selected(const AgainRequest& request, const AgainSurvey& survey) {
  const RunId parent = request.parent;
  if (survey.taken_before == 0) {
    return {ErrorKind::refused, fmt::format("run {} has no such devices", parent.value),
            fmt::format("See what became of them: sluice status {}", parent.value)};
  }
  return {
      ErrorKind::refused,
      fmt::format(
          "run {} has no such devices but {} that earlier ones have taken over already, run {} the newest",
          parent.value, survey.taken_before, survey.taken_by->value),
      fmt::format("Go on with those: sluice status {}", survey.taken_by->value)};
}

/// Two unfinished runs share no device unless the job says so; the parent's own are its own.
Result<void> check_conflicts(const TakenDevices* taken, const AgainRequest& request,
                             const AgainSurvey& survey) {
  if (taken == nullptr) return {};
  for (const AgainGroup& group : survey.groups) {
    std::string_view names = group.names;
    while (!names.empty()) {
      const std::size_t end = names.find('\n');
      const std::optional<RunId> run = taken->run_of(names.substr(0, end));
      if (run && *run != request.parent) {
        return Error{
            ErrorKind::refused,
            fmt::format("device {} belongs to run {} as well, which is not finished", names.substr(0, end),
                        run->value),
            fmt::format("Let that one come to its end first, or cancel it: sluice cancel {}", run->value)};
      }
      names.remove_prefix(end + 1);
    }
  }
  return {};
}

}  // namespace

std::int64_t AgainSurvey::total() const {
  std::int64_t sum = 0;
  for (const AgainGroup& group : groups) sum += group.devices;
  return sum;
}

Result<AgainSurvey> survey_again(StoreReader& store, const AgainRequest& request) {
  Result<std::optional<RunRecord>> parent = store.run(request.parent);
  if (parent.has_error()) return parent.error();
  if (!*parent) {
    return Error{ErrorKind::not_found, fmt::format("there is no run {} in this store", request.parent.value),
                 "`sluice list` shows the runs there are."};
  }
  Result<Job> job = job_of(store, request.parent);
  if (job.has_error()) return job.error();
  if (request.purpose == RunPurpose::undo) {
    const Result<void> allowed = check_undo(**parent, *job);
    if (allowed.has_error()) return allowed.error();
  }
  AgainSurvey survey{.parent = **parent,
                     .job = request.purpose == RunPurpose::undo ? undoing(std::move(*job)) : std::move(*job)};
  const auto taken = taken_before(store, request, survey.taken_by);
  if (taken.has_error()) return taken.error();
  const Result<void> read =
      store.for_each_device(request.parent, {}, Collector{request.selection, *taken, survey});
  if (read.has_error()) return read.error();
  if (survey.groups.empty()) return nothing_selected(request, survey);
  const auto conflicting = devices_taken_from(store, survey.parent.tenant, survey.job);
  if (conflicting.has_error()) return conflicting.error();
  const Result<void> alone = check_conflicts(conflicting->get(), request, survey);
  if (alone.has_error()) return alone.error();
  survey.stages = stages_of(survey.job.rollout, survey.total());
  const bool takes_open_ones =
      survey.devices.contains(ChunkState::pending) || survey.devices.contains(ChunkState::in_flight);
  survey.closes_parent = takes_open_ones && !is_finished(survey.parent);
  return survey;
}

Result<RunId> submit_again(Store& store, const AgainRequest& request, const AgainSurvey& survey) {
  const Result<std::string> job_text = store.job_text(request.parent);
  if (job_text.has_error()) return job_text.error();
  const Result<RunId> run = store.create_run({.job_name = survey.parent.job_name,
                                              .tenant = survey.parent.tenant,
                                              .endpoint = survey.parent.endpoint,
                                              .job_text = *job_text,
                                              .rate = survey.parent.rate,
                                              .created_at = request.now,
                                              .submitter = request.submitter,
                                              .digest = {},
                                              .predicted = {},
                                              .stages = survey.stages,
                                              .purpose = purpose_of_child(request, survey.parent),
                                              .parent = request.parent});
  if (run.has_error()) return run.error();
  const auto arguments = copy_arguments(store, *run, request.purpose, survey);
  Result<void> done;
  if (arguments.has_error()) done = arguments.error();
  if (done.has_value()) done = Filler{store, *run, survey}.fill(*arguments);
  if (done.has_value()) done = seal(store, *run, request, survey);
  if (done.has_value()) return *run;
  // What cannot be dropped now is dropped at the next open: unsealed runs never survive one.
  (void)store.drop_unsealed(*run);
  return done.error();
}

}  // namespace sluice
