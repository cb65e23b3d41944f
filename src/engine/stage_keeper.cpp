// SPDX-License-Identifier: MIT
#include "engine/stage_keeper.hpp"

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <utility>

#include "sluice/core/mutation.hpp"

namespace sluice {
namespace asio = boost::asio;
namespace {

/// When the wall clock shows what a soak waits for, if it is not set meanwhile.
std::optional<UtcTime> on_wall_clock(std::optional<UtcTime> until, UtcTime soak_now, UtcTime now) {
  if (!until) return std::nullopt;
  return now + (*until - soak_now);
}

/// For the mutation that loads no tally.
RunTally without_results(const RunTally& tally) {
  RunTally devices_only = tally;
  for (StageTally& stage : devices_only.stages) stage = StageTally{.devices = stage.devices};
  return devices_only;
}

}  // namespace

StageKeeper::StageKeeper(asio::any_io_executor loop, PatientStore& store, Clock& clock, Observer& observer,
                         OutsideChecks checks, bool approves_itself, std::function<void()> wake)
    : loop_(std::move(loop)),
      store_(store),
      clock_(clock),
      observer_(observer),
      checks_(std::move(checks)),
      approves_itself_(approves_itself),
      wake_(std::move(wake)) {}

asio::awaitable<Result<void>> StageKeeper::begin(ServedRun& run) {
  const bool is_plain = !run.stages.is_needed() && !run.job().deadline && !run.job().devices_per_minute;
  if (is_plain) co_return Result<void>{};
  auto read = [id = run.id()](Store& store) -> Result<std::pair<RunRecord, RunTally>> {
    Result<std::optional<RunRecord>> record = store.run(id);
    if (record.has_error()) return record.error();
    Result<RunTally> tally = store.tally(id);
    if (tally.has_error()) return tally.error();
    return std::pair{record->value(), std::move(*tally)};
  };
  const Result<std::pair<RunRecord, RunTally>> found = co_await store_.call(std::move(read));
  if (found.has_error()) co_return found.error();
  run.starts_from(found->first.started_at, clock_.utc_now(), clock_.steady_now());
  run.stages.begin(is_seeded(Mutation::tally_forgotten) ? without_results(found->second) : found->second,
                   found->first.stage);
  co_return Result<void>{};
}

asio::awaitable<Result<void>> StageKeeper::learn(ServedRun& run) {
  if (!run.stages.has_stages()) co_return Result<void>{};
  auto read = [id = run.id()](Store& store) -> Result<std::pair<std::vector<StageRecord>, RunTally>> {
    Result<std::vector<StageRecord>> stages = store.stages(id);
    if (stages.has_error()) return stages.error();
    Result<RunTally> tally = store.tally(id);
    if (tally.has_error()) return tally.error();
    return std::pair{std::move(*stages), std::move(*tally)};
  };
  run.stages.begin_to_learn();
  Result<std::pair<std::vector<StageRecord>, RunTally>> found = co_await store_.call(std::move(read));
  if (found.has_error()) co_return found.error();
  std::vector<StageRecord>& stages = found->first;
  if (approves_itself_) {
    for (StageRecord& stage : stages) stage.approved_at = clock_.utc_now();
  }
  for (StageRecord& stage : stages) {
    if (stage.settled_at && is_seeded(Mutation::soak_anew)) stage.settled_at = clock_.utc_now();
    if (stage.settled_at && is_seeded(Mutation::soak_forgotten)) stage.settled_at = UtcTime{};
  }
  run.stages.learn(std::move(stages), std::move(found->second));
  co_return Result<void>{};
}

asio::awaitable<Result<StageKeeper::Advance>> StageKeeper::advance(ServedRun& run) {
  if (!run.stages.has_stages()) co_return Advance{};
  while (!is_stopping_ && !run.is_halted()) {
    if (run.stages.is_newly_settled()) {
      const UtcTime now = clock_.utc_now();
      run.stages.settled(now, clock_.steady_now());
      auto note = [id = run.id(), stage = run.stages.open_stage(), now](Store& store) {
        return store.note_stage_settled(id, stage, now);
      };
      const Result<void> noted = co_await store_.call(std::move(note));
      if (noted.has_error()) co_return noted.error();
    }
    const UtcTime now = clock_.utc_now();
    const UtcTime soak_now = run.stages.soak_time(now, clock_.steady_now());
    const NextStep next = run.stages.next(soak_now);
    // What is about to start is told when it has.
    if (next.step != StageStep::open) tell(run, next);
    Result<void> done;
    switch (next.step) {
      case StageStep::finish:
        co_return Advance{};
      case StageStep::wait:
      case StageStep::await_approval:
        co_return Advance{.is_waiting = !next.reason.empty(),
                          .look_at = on_wall_clock(next.until, soak_now, now)};
      case StageStep::ask:
        ask(run);
        co_return Advance{.is_waiting = true};
      case StageStep::hold:
        done = co_await hold(run, next);
        break;
      case StageStep::open:
        done = co_await open(run);
        break;
    }
    if (done.has_error()) co_return done.error();
  }
  co_return Advance{};
}

asio::awaitable<Result<void>> StageKeeper::open(ServedRun& run) {
  const UtcTime now = clock_.utc_now();
  auto work = [id = run.id(), stage = run.stages.open_stage() + 1, now](Store& store) {
    return store.open_stage(id, stage, now);
  };
  Result<void> opened = co_await store_.call(std::move(work));
  if (opened.has_value()) run.stages.opened(now);
  // Somebody was faster: the run is canceled, and this process is told in a moment.
  if (opened.has_error() && opened.error().kind == ErrorKind::refused) {
    run.halt();
    co_return Result<void>{};
  }
  co_return opened;
}

asio::awaitable<Result<void>> StageKeeper::hold(ServedRun& run, const NextStep& next) {
  run.halt();
  const auto control = next.action == StopAction::cancel ? RunControl::canceled : RunControl::paused;
  auto work = [id = run.id(), control, reason = next.reason, now = clock_.utc_now()](Store& store) {
    return store.set_run_control(
        {.run = id, .control = control, .cause = ControlCause::gate, .reason = reason, .now = now});
  };
  Result<void> held = co_await store_.call(std::move(work));
  // Canceled meanwhile, so nothing of it starts either.
  if (held.has_error() && held.error().kind == ErrorKind::refused) co_return Result<void>{};
  co_return held;
}

// On its own, because other runs go on meanwhile.
void StageKeeper::ask(ServedRun& run) {
  run.stages.asked(clock_.utc_now());
  if (!checks_.ask) {
    run.stages.answered(run.stages.open_stage(), GateAnswer::pass);
    wake_();
    return;
  }
  const Stage& stage = run.stages.stage(run.stages.open_stage());
  GateQuestion question{.run = run.id(),
                        .job_name = run.job().name,
                        .stage = stage.name,
                        .check = stage.gate.check.value(),
                        .tally = run.stages.tally_of_open()};
  ++questions_;
  run.asked_outside();
  asio::co_spawn(
      loop_, checks_.ask(std::move(question)),
      [this, &run, asked = run.stages.open_stage()](const std::exception_ptr& problem, GateAnswer answer) {
        --questions_;
        run.answered_outside();
        run.stages.answered(asked, problem ? GateAnswer::inconclusive : answer);
        wake_();
      });
}

void StageKeeper::stop() {
  is_stopping_ = true;
  if (questions_ > 0 && checks_.cancel) checks_.cancel();
}

void StageKeeper::tell(const ServedRun& run, const NextStep& step) {
  const int open = run.stages.open_stage();
  const std::pair<int, std::string> news{open, step.reason};
  if (const auto told = told_.find(run.id()); told != told_.end() && told->second == news) return;
  told_[run.id()] = news;
  observer_.stage_changed(
      {.run = run.id(),
       .stage = open,
       .stages = run.stages.stage_count(),
       .name = open == 0 ? std::string_view{} : std::string_view{run.stages.stage(open).name},
       .waits_for = step.reason,
       .until = step.until});
}

}  // namespace sluice
