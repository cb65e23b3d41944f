// SPDX-License-Identifier: MIT
#include "sluice/engine/submit.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "engine/chunk_builder.hpp"
#include "engine/target_pass.hpp"
#include "sluice/core/kill_point.hpp"

namespace sluice {
namespace {

// 50,000 devices a transaction: large enough that syncing does not count on a slow disk, small enough to stay
// in the page cache.
constexpr std::size_t chunks_per_slice = 500;
// Arguments are of any length, so fewer of them make a slice full.
constexpr std::size_t groups_per_slice = 500;

NewRun new_run(const SubmitRequest& request, const Survey& survey) {
  NewRun run{.job_name = request.job.name,
             .tenant = request.tenant,
             .endpoint = request.endpoint,
             .job_text = request.job_text,
             .rate = request.rate,
             .created_at = request.now,
             .submitter = request.submitter,
             .digest = survey.digest,
             .predicted = request.predicted,
             .origin = request.origin};
  for (const StageSurvey& stage : survey.stages) run.stages.push_back({stage.name, stage.devices});
  return run;
}

/// The second reading of the targets, slice by slice into an unsealed run.
class Import {
 public:
  Import(Store& store, RunId run, TargetList& targets, const SubmitRequest& request, const Survey& survey)
      : store_(store),
        run_(run),
        targets_(targets),
        survey_(survey),
        pass_(targets, request),
        walk_(stage_walk(survey)),
        builder_(request.job.chunk_size, survey.chosen.has_value()) {}

  /// @return how many chunks there are
  Result<std::int64_t> run() {
    while (!is_at_end_) {
      const Result<void> read = read_slice();
      if (read.has_error()) return read.error();
      const Result<void> added = add_slice();
      if (added.has_error()) return added.error();
    }
    if (pass_.digest(survey_.stages, survey_.chosen ? &*survey_.chosen : nullptr) == survey_.digest)
      return chunks_;
    return Error{ErrorKind::invalid_input, "the device list changed while it was being read",
                 "Try again once nothing writes to it; nothing was queued."};
  }

 private:
  Result<void> read_slice() {
    while (built_.size() < chunks_per_slice && groups_.size() < groups_per_slice) {
      const auto grouped = pass_.next();
      if (grouped.has_error()) return grouped.error();
      if (!*grouped) {
        builder_.finish(built_);
        is_at_end_ = true;
        return {};
      }
      const Target& target = (*grouped)->target;
      if ((*grouped)->is_first_of_group)
        groups_.push_back({std::string(target.args), std::string(target.compensate_args)});
      builder_.add(walk_.next(target.name), (*grouped)->group, target.name, built_);
    }
    return {};
  }

  Result<void> add_slice() {
    const Result<void> written = groups_.empty() ? add_chunks() : add_arguments_and_chunks();
    if (written.has_error() || built_.empty()) return written;
    reach(KillPoint::import_slice);
    chunks_ += static_cast<std::int64_t>(built_.size());
    built_.clear();
    return {};
  }

  /// In one transaction: each by itself would wait for the disk.
  Result<void> add_arguments_and_chunks() {
    const Result<void> begun = store_.begin();
    if (begun.has_error()) return begun;
    Result<void> added = add_arguments();
    if (added.has_value()) added = add_chunks();
    const Result<void> committed = store_.commit();
    return added.has_error() ? added : committed;
  }

  Result<void> add_arguments() {
    for (const RenderedArguments& arguments : groups_) {
      const Result<ArgumentsId> id = store_.add_arguments(run_, arguments);
      if (id.has_error()) return id.error();
      arguments_.push_back(*id);
    }
    groups_.clear();
    return {};
  }

  Result<void> add_chunks() {
    if (built_.empty()) return {};
    std::vector<NewChunk> chunks;
    for (BuiltChunk& built : built_) {
      NewChunk chunk{
          .devices = static_cast<int>(built.devices), .names = std::move(built.names), .stage = built.stage};
      if (targets_.rules().arguments) chunk.arguments = arguments_[built.group];
      chunks.push_back(std::move(chunk));
    }
    return store_.add_chunks(run_, chunks);
  }

  Store& store_;
  RunId run_;
  TargetList& targets_;
  const Survey& survey_;
  TargetPass pass_;
  StageWalk walk_;
  ChunkBuilder builder_;
  std::vector<BuiltChunk> built_;          // not yet in the store
  std::vector<RenderedArguments> groups_;  // the same
  std::vector<ArgumentsId> arguments_;     // of each group
  std::int64_t chunks_ = 0;
  bool is_at_end_ = false;
};

Result<Submitted> fill_and_seal(Store& store, RunId run, TargetList& targets, const SubmitRequest& request,
                                const Survey& survey) {
  const Result<std::int64_t> chunks = Import(store, run, targets, request, survey).run();
  if (chunks.has_error()) return chunks.error();
  reach(KillPoint::import_seal);
  const Result<void> sealed = store.seal_run(run, survey.counts.duplicates);
  if (sealed.has_error()) return sealed.error();
  reach(KillPoint::import_sealed);
  return Submitted{run, survey.counts, *chunks};
}

}  // namespace

Result<Submitted> submit(Store& store, TargetList& targets, const SubmitRequest& request,
                         const Survey& survey) {
  if (auto refusal = unexpected_device_count(survey, request.expected_devices)) return *std::move(refusal);
  const Result<void> again = targets.rewind();
  if (again.has_error()) return again.error();
  const Result<RunId> run = store.create_run(new_run(request, survey));
  if (run.has_error()) return run.error();
  Result<Submitted> submitted = fill_and_seal(store, *run, targets, request, survey);
  if (submitted.has_error()) {
    // What cannot be dropped now is dropped at the next open: unsealed runs never survive one.
    (void)store.drop_unsealed(*run);
  }
  return submitted;
}

Result<Submitted> submit(Store& store, TargetList& targets, const SubmitRequest& request) {
  const Result<Survey> surveyed = survey(targets, request);
  if (surveyed.has_error()) return surveyed.error();
  return submit(store, targets, request, *surveyed);
}

std::optional<Error> unexpected_device_count(const Survey& survey, std::optional<std::int64_t> expected) {
  if (!expected || *expected == survey.counts.devices) return std::nullopt;
  return Error{ErrorKind::refused,
               fmt::format("the list has {} devices, but {} were expected", survey.counts.devices, *expected),
               "Nothing was sent. Check the device list, or expect the number that it has."};
}

}  // namespace sluice
