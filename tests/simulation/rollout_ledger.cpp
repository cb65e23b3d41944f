// SPDX-License-Identifier: MIT
#include "simulation/rollout_ledger.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sluice::simulation {
namespace {

using namespace std::chrono_literals;

// An order is heeded as soon as the store has been asked, which takes so long where disks are quick.
constexpr Nanos order_heeded_within = 10s;
constexpr Nanos order_heeded_within_on_slow_disks = 2min;
// A process looks at the wall clock this often, and asks the store meanwhile.
constexpr Nanos stage_opened_within = 45s;
// Less what a clock may drift in it.
constexpr Nanos minute_by_any_clock = 60s - 10ms;
constexpr double claim_ahead_seconds = 0.3;

bool is_rejected(OutcomeKind kind) {
  return kind == OutcomeKind::rejected_devices || kind == OutcomeKind::rejected_job;
}

bool is_bad(ChunkState state) { return state == ChunkState::failed || state == ChunkState::in_doubt; }

std::int64_t of_code(const std::map<std::string, std::int64_t>& bad, const std::string& code) {
  const auto found = bad.find(code);
  return found == bad.end() ? 0 : found->second;
}

std::string word_of(ChunkState state) { return std::string{to_string(state)}; }

}  // namespace

void RolloutLedger::Count::add(const std::string& state, const std::string& code, std::int64_t count) {
  if (state == "succeeded") accepted += count;
  if (state == "failed") failed += count;
  if (state == "in_doubt") in_doubt += count;
  if (state == "canceled") canceled += count;
  if (state == "failed" || state == "in_doubt") bad_by_code[code] += count;
}

RolloutLedger::RolloutLedger(World& world, const Scenario& scenario, const Machine& machine,
                             RecordView& record)
    : world_(world), scenario_(scenario), machine_(machine), record_(record), runs_(scenario.runs.size()) {
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    const std::size_t stages = std::max<std::size_t>(1, scenario.runs[i].rollout.stages.size());
    runs_[i].counts.resize(stages);
    runs_[i].at_resume.resize(stages);
  }
}

RolloutLedger::Count RolloutLedger::sum(const std::vector<Count>& counts) {
  Count all;
  for (const Count& one : counts) {
    all.devices += one.devices;
    all.accepted += one.accepted;
    all.failed += one.failed;
    all.in_doubt += one.in_doubt;
    all.canceled += one.canceled;
    for (const auto& [code, count] : one.bad_by_code) all.bad_by_code[code] += count;
  }
  return all;
}

std::vector<RolloutLedger::Count> RolloutLedger::count_record(std::int64_t run, std::size_t stages) {
  std::vector<Count> counts(stages);
  for (const ChunkRow& chunk : record_.chunks_of(run)) {
    if (chunk.state == "split") continue;
    Count& count = counts.at(static_cast<std::size_t>(chunk.stage - 1));
    count.devices += chunk.devices;
    count.add(chunk.state, chunk.code, chunk.devices);
  }
  return counts;
}

void RolloutLedger::remember_bad(Truth& run) {
  if (run.id) run.at_resume = count_record(*run.id, run.counts.size());
}

void RolloutLedger::process_started(bool knows_deny_list) {
  knows_deny_list_ = knows_deny_list;
  for (Truth& run : runs_) {
    run.is_braked = run.is_served = false;
    run.resumes_pending = 0;
    run.results.clear();
  }
}

void RolloutLedger::dispatcher_started(const std::vector<int>& plans) {
  clock_changes_at_start_ = clock_changes_;
  started_at_ = world_.now();
  last_send_.reset();
  for (Truth& run : runs_) run.is_served = false;
  for (const int plan : plans) {
    Truth& run = truth(plan);
    run.is_served = true;
    run.results.clear();
    run.passed_over = 0;
    run.counts = count_record(run.id.value(), run.counts.size());
    const std::optional<RunRow> row = record_.run(*run.id);
    run.is_row_known = row && !row->started_at_us;
    run.rejected_in_a_row = 0;
    run.deadline.reset();
    const RolloutPlan& rollout = plan_of(plan);
    if (!rollout.deadline || !row || !row->started_at_us) continue;
    const UtcTime from_start = from_microseconds(*row->started_at_us) + *rollout.deadline;
    // Whoever goes on after it has it once more; near it, nobody can say which of the two is true.
    const UtcTime now = machine_.utc(world_.now());
    const bool is_start_past = from_microseconds(*row->started_at_us) <= now;
    if (is_start_past && from_start > now + 5min) run.deadline = from_start;
  }
}

void RolloutLedger::sent(int plan, const AttemptRow& attempt, const std::vector<DeviceName>& devices) {
  Truth& run = truth(plan);
  const std::optional<RunRow> row = record_.run(attempt.run);
  const std::optional<ChunkRow> chunk = record_.chunk(attempt.chunk);
  if (!row || !chunk) return;
  if (run.is_braked) violated("I13", "a request of run {} was sent after it was told to pause", row->id);
  if (run.stopped_at) {
    violated("I13", "a request of run {} was sent {} ms after a threshold of it was passed", row->id,
             (world_.now() - *run.stopped_at) / 1ms);
  }
  run.sends.push_back(world_.now());
  check_stage(plan, *row, chunk->stage);
  check_hours(plan, *row);
  const std::vector<bool>& denied = plan_of(plan).is_denied;
  for (const DeviceName name : devices) {
    if (!knows_deny_list_ || attempt.is_replay || !denied[static_cast<std::size_t>(name.device)]) continue;
    violated("I13", "{} is denied, and a request was sent for it", to_text(name));
  }
  check_device_pace(plan, devices.size());
  check_rate_order();
  check_shares(plan, attempt);
  last_send_ = world_.now();
}

void RolloutLedger::check_stage(int plan, const RunRow& run, int stage) {
  if (stage > run.stage) {
    violated("I13", "a request of stage {} of run {} was sent, and only {} may be", stage, run.id, run.stage);
  }
  stages_moved(plan);
}

void RolloutLedger::check_hours(int plan, const RunRow& row) {
  const RolloutPlan& rollout = plan_of(plan);
  const UtcTime now = machine_.utc(world_.now());
  if (rollout.window && !rollout.window->is_open(now)) {
    violated("I13", "a request of run {} was sent outside of its hours", row.id);
  }
  Truth& run = truth(plan);
  if (!rollout.deadline || clock_changes_ != clock_changes_at_start_) return;
  // A run that begins now has its deadline from here on at the latest.
  if (!run.deadline) run.deadline = now + *rollout.deadline;
  if (now >= *run.deadline) {
    violated("I13", "a request of run {} was sent {} ms after its deadline", row.id,
             (now - *run.deadline) / 1ms);
  }
}

void RolloutLedger::check_device_pace(int plan, std::size_t devices) {
  const std::optional<int> allowed = plan_of(plan).devices_per_minute;
  if (!allowed) return;
  auto& sent = truth(plan).paced;
  while (!sent.empty() && sent.front().at <= world_.now() - minute_by_any_clock) sent.pop_front();
  sent.push_back({world_.now(), static_cast<std::int64_t>(devices)});
  std::int64_t in_minute = 0;
  for (const auto& one : sent) in_minute += one.devices;
  // A chunk that is larger than the limit goes alone.
  if (in_minute > *allowed && sent.size() > 1) {
    violated("I8", "{} devices of a run were sent to within a minute, and {} are allowed", in_minute,
             *allowed);
  }
}

void RolloutLedger::rate_ordered(double rate, UtcTime until) {
  const bool is_slow = scenario_.has(Fault::slow_disk) || scenario_.has(Fault::busy);
  order_ = RateOrderTruth{.rate = rate,
                          .until = until,
                          .ordered_at = world_.now(),
                          .margin = is_slow ? order_heeded_within_on_slow_disks : order_heeded_within,
                          .clock_changes = clock_changes_};
}

void RolloutLedger::check_rate_order() {
  if (!order_ || !last_send_ || order_->clock_changes != clock_changes_) return;
  if (machine_.utc(world_.now()) >= order_->until) return;
  const Nanos settled_down = std::max(order_->ordered_at, woken_at_) + order_->margin;
  const bool is_heeded = started_at_ > order_->ordered_at || *last_send_ >= settled_down;
  if (!is_heeded) return;
  const SteadyTime now = machine_.steady(world_.now());
  const std::chrono::duration<double> gap = now - machine_.steady(*last_send_);
  if (gap.count() < 1 / order_->rate - 1e-6) {
    violated("I8", "two requests were sent within {} ms, and {} a second were ordered",
             static_cast<std::int64_t>(gap.count() * 1000), order_->rate);
  }
}

// Between two chunks of its own, a run lets each other one have as many as their weights say; what was
// claimed ahead may come before it once, and so may a run that has waited for long and weighs more for that.
void RolloutLedger::check_shares(int plan, const AttemptRow& attempt) {
  truth(plan).passed_over = 0;
  if (attempt.is_replay || attempt.number > 1) return;
  const UtcTime now = machine_.utc(world_.now());
  const double ahead = std::floor(scenario_.rate * claim_ahead_seconds) + 1;
  double served = 0;
  for (const Truth& run : runs_) served += run.is_served ? 1 : 0;
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    Truth& other = runs_[i];
    const auto index = static_cast<int>(i);
    if (index == plan || !other.is_served || !other.id) continue;
    const RolloutPlan& rollout = plan_of(index);
    const std::optional<RunRow> row = record_.run(*other.id);
    const bool is_late = rollout.deadline.has_value();
    const bool is_due = row && row->control == "active" && !other.is_braked && !other.stopped_at &&
                        !rollout.devices_per_minute && !is_late &&
                        (!rollout.window || rollout.window->is_open(now)) &&
                        record_.has_fresh_chunk(*other.id, row->stage, now.time_since_epoch() / 1us);
    if (!is_due) {
      other.passed_over = 0;
      continue;
    }
    double bound = 4 + 2 * served * ahead;
    for (std::size_t k = 0; k < runs_.size(); ++k) {
      if (k != i && runs_[k].is_served) bound += plan_of(static_cast<int>(k)).weight() / rollout.weight();
    }
    if (++other.passed_over > bound) {
      violated("I15", "{} requests of others were sent while run {} had chunks that are due",
               static_cast<int>(other.passed_over), *other.id);
    }
  }
}

void RolloutLedger::heard(int plan, std::int64_t attempt) {
  truth(plan).results.push_back({.attempt = attempt, .at = world_.now(), .told = std::nullopt});
}

void RolloutLedger::settled(int plan, const AttemptSettled& event) {
  const std::optional<ChunkRow> chunk = record_.chunk(event.chunk.value);
  if (!chunk) return;
  Truth& run = truth(plan);
  // What is decided upon without a request has had its turn too.
  run.passed_over = 0;
  auto found = std::ranges::find_if(run.results, [&event](const Result& result) {
    return result.attempt == event.attempt.value && !result.told;
  });
  if (found == run.results.end()) {
    run.results.push_back({.attempt = event.attempt.value, .at = world_.now(), .told = std::nullopt});
    found = std::prev(run.results.end());
    // Decided upon without a request: when, nobody saw.
    run.is_row_known = false;
  }
  found->told = Told{.stage = chunk->stage,
                     .devices = static_cast<int>(chunk->devices),
                     .is_part = chunk->parent.has_value(),
                     .state = event.transition.state,
                     .outcome = event.outcome.kind,
                     .code = event.outcome.code,
                     .says_threshold = event.transition.halt != Halt::none &&
                                       event.transition.halt_cause == ControlCause::threshold};
  judge_results(plan);
}

void RolloutLedger::judge_results(int plan) {
  Truth& run = truth(plan);
  while (!run.results.empty() && run.results.front().told) {
    const Result result = std::move(run.results.front());
    run.results.pop_front();
    judge(plan, result);
  }
}

RolloutLedger::Passed RolloutLedger::passed(const StopPlan& rules, const Count& stage, const Count& run,
                                            int row, const Told& newest) {
  const bool is_doubt = newest.state == ChunkState::in_doubt;
  Passed found;
  const auto note = [&](const char* which) {
    found.is_any = true;
    found.cancels = rules.cancels;
    if (found.which.empty()) found.which = which;
  };
  const bool is_result = newest.state == ChunkState::succeeded || is_bad(newest.state);
  const auto exceeds = [&](const TolerancePlan& tolerance, bool is_worse, auto&& bad_of) {
    const Count& all = tolerance.is_of_stage ? stage : run;
    if (bad_of(all) <= tolerance.allowed(all.devices) || all.settled() < tolerance.min_sample) return false;
    const bool completes_sample = is_result && all.settled() - newest.devices < tolerance.min_sample;
    return is_worse || completes_sample;
  };
  const auto failures = [&rules](const Count& all) {
    return all.failed + (rules.is_doubt_failure ? all.in_doubt : 0);
  };
  const bool is_failure = newest.state == ChunkState::failed || (is_doubt && rules.is_doubt_failure);
  if (rules.failed && exceeds(*rules.failed, is_failure, failures)) note("failed");
  const auto doubts = [](const Count& all) { return all.in_doubt; };
  if (rules.in_doubt && exceeds(*rules.in_doubt, is_doubt, doubts)) note("in doubt");
  const auto with_code = [&rules](const Count& all) { return of_code(all.bad_by_code, rules.code->code); };
  const bool has_code = rules.code && rules.code->code == newest.code && is_bad(newest.state);
  if (rules.code && exceeds(rules.code->devices, has_code, with_code)) note("code");
  const bool is_refusal = is_rejected(newest.outcome) && !newest.is_part;
  if (is_refusal && rules.rejected_in_a_row && row >= *rules.rejected_in_a_row) note("refused in a row");
  return found;
}

void RolloutLedger::judge(int plan, const Result& result) {
  Truth& run = truth(plan);
  const Told& told = *result.told;
  if (told.outcome == OutcomeKind::accepted) {
    run.rejected_in_a_row = 0;
    run.is_row_known = true;
  }
  if (is_rejected(told.outcome) && !told.is_part) ++run.rejected_in_a_row;
  Count& stage = run.counts.at(static_cast<std::size_t>(told.stage - 1));
  stage.add(word_of(told.state), told.code, told.devices);

  const RolloutPlan& rollout = plan_of(plan);
  const Count all = sum(run.counts);
  Passed threshold = passed(rollout.abort, stage, all, run.rejected_in_a_row, told);
  if (!rollout.stages.empty()) {
    const GatePlan& gate = rollout.stages.at(static_cast<std::size_t>(told.stage - 1)).gate;
    const Passed of_gate = passed(gate.rules, stage, all, run.rejected_in_a_row, told);
    threshold.cancels |= of_gate.cancels;
    threshold.is_any |= of_gate.is_any;
    if (threshold.which.empty()) threshold.which = of_gate.which;
  }
  const bool is_row_at_stake = !run.is_row_known && is_rejected(told.outcome);
  if (!threshold.is_any) {
    if (told.says_threshold && !is_row_at_stake) {
      violated("I13", "run {} was stopped by attempt {}, and no threshold of it was passed", *run.id,
               result.attempt);
    }
    return;
  }
  if (threshold.which == "refused in a row" && !run.is_row_known) return;
  if (run.resumes_pending > 0 || (run.resumed_at && *run.resumed_at >= result.at)) return;
  // An account that is blocked says so in the run's place.
  if (!record_.tenant_pause().empty()) return remember_bad(run);
  run.stopped_at = result.at;
  const auto late = std::ranges::find_if(run.sends, [&](Nanos at) { return at > result.at; });
  if (late != run.sends.end()) {
    violated("I13", "a request of run {} was sent {} ms after a threshold was passed ({})", *run.id,
             (*late - result.at) / 1ms, threshold.which);
  }
  const std::optional<RunRow> row = record_.run(*run.id);
  if (row && (row->control == "active" || row->cause.empty())) {
    violated("I13", "attempt {} is on record, which passed a threshold of run {} ({}), and the run is {}",
             result.attempt, row->id, threshold.which, row->control);
  }
  if (row && threshold.cancels && row->control != "canceled") {
    violated("I13", "attempt {} passed a threshold of run {} that cancels it, and it is {}", result.attempt,
             row->id, row->control);
  }
}

void RolloutLedger::resume_asked(int plan) {
  ++truth(plan).resumes_pending;
  go_on(truth(plan));
}

void RolloutLedger::resume_over(int plan) {
  Truth& run = truth(plan);
  run.resumes_pending = std::max(0, run.resumes_pending - 1);
  go_on(run);
}

void RolloutLedger::go_on(Truth& run) {
  run.resumed_at = world_.now();
  run.stopped_at.reset();
  // Past its deadline, it has it once more.
  run.deadline.reset();
  run.sends.clear();
  remember_bad(run);
}

bool RolloutLedger::has_got_worse(const StopPlan& rules, bool is_of_gate, const Count& stage,
                                  const Count& run, const Count& stage_before,
                                  const Count& run_before) const {
  const auto worse = [&](const std::optional<TolerancePlan>& tolerance, auto&& bad_of) {
    // What a sample was missing for may be judged too late to be told from here. Only results of a gate's own
    // stage pass it, so of a share of the run nobody can say from here which came first.
    if (!tolerance || tolerance->min_sample > 0 || (is_of_gate && !tolerance->is_of_stage)) return false;
    const Count& all = tolerance->is_of_stage ? stage : run;
    const Count& before = tolerance->is_of_stage ? stage_before : run_before;
    return bad_of(all) > tolerance->allowed(all.devices) && bad_of(all) > bad_of(before);
  };
  const auto failures = [&rules](const Count& all) {
    return all.failed + (rules.is_doubt_failure ? all.in_doubt : 0);
  };
  return worse(rules.failed, failures) ||
         worse(rules.in_doubt, [](const Count& all) { return all.in_doubt; });
}

// What the record says of a threshold is as true for a process that comes later, or for one that has just
// counted what its predecessor left.
void RolloutLedger::require_stopped() {
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    Truth& run = runs_[i];
    if (!run.id) continue;
    const std::optional<RunRow> row = record_.run(*run.id);
    if (!record_.tenant_pause().empty()) remember_bad(run);
    if (!row || row->control != "active") continue;
    const RolloutPlan& rollout = plan_of(static_cast<int>(i));
    const std::vector<Count> counts = count_record(*run.id, run.counts.size());
    const Count all = sum(counts);
    const Count all_before = sum(run.at_resume);
    for (std::size_t stage = 0; stage < counts.size(); ++stage) {
      const Count& before = run.at_resume[stage];
      const bool is_passed =
          has_got_worse(rollout.abort, false, counts[stage], all, before, all_before) ||
          (!rollout.stages.empty() &&
           has_got_worse(rollout.stages[stage].gate.rules, true, counts[stage], all, before, all_before));
      if (!is_passed) continue;
      violated("I13",
               "a threshold of run {} is passed in stage {} by {} failed devices ({} of the run's) and {} in "
               "doubt, "
               "and the run is active",
               row->id, stage + 1, counts[stage].failed, all.failed, counts[stage].in_doubt);
    }
  }
}

void RolloutLedger::opened() {
  for (std::size_t i = 0; i < runs_.size(); ++i) stages_moved(static_cast<int>(i));
  require_stopped();
}

void RolloutLedger::restored() {
  order_.reset();
  for (Truth& run : runs_) {
    const std::optional<RunRow> row = run.id ? record_.run(*run.id) : std::nullopt;
    run.settled_seen.clear();
    run.answers.clear();
    run.stopped_at.reset();
    run.results.clear();
    run.stages_seen = row ? row->stage : 0;
    if (!row) run.id.reset();
    for (Count& count : run.at_resume) {
      // All that is unfinished will be in doubt, and nobody could have counted it.
      count.failed = count.in_doubt = std::numeric_limits<std::int32_t>::max();
    }
  }
}

void RolloutLedger::gate_answered(int plan, int stage, GateAnswer answer) {
  world_.note("gate", plan, stage,
              answer == GateAnswer::pass   ? "pass"
              : answer == GateAnswer::fail ? "fail"
                                           : "?");
  truth(plan).answers[stage] = answer;
}

void RolloutLedger::stages_moved(int plan) {
  Truth& run = truth(plan);
  if (!run.id || plan_of(plan).stages.empty()) return;
  const std::optional<RunRow> row = record_.run(*run.id);
  if (!row) return;
  for (const StageRow& stage : record_.stages(*run.id)) {
    if (!stage.settled_at_us) continue;
    const auto [seen, is_new] = run.settled_seen.try_emplace(stage.number, *stage.settled_at_us);
    if (seen->second != *stage.settled_at_us)
      violated("I10", "stage {} of run {} is settled at another time now", stage.number, row->id);
  }
  for (int stage = run.stages_seen + 1; stage <= row->stage; ++stage) {
    world_.note("stage", plan, stage);
    check_opening(plan, *row, stage);
  }
  run.stages_seen = std::max(run.stages_seen, row->stage);
}

void RolloutLedger::check_opening(int plan, const RunRow& row, int stage) {
  Truth& run = truth(plan);
  const RolloutPlan& rollout = plan_of(plan);
  bool is_approved = false;
  bool is_past_gate = false;
  for (const ApprovalRow& approval : record_.approvals(row.id)) {
    is_approved |= approval.stage == stage;
    is_past_gate |= approval.stage == stage && approval.is_past_gate;
  }
  if (rollout.stages.at(static_cast<std::size_t>(stage - 1)).wants_approval && !is_approved) {
    violated("I13", "stage {} of run {} was opened, and nobody has approved it", stage, row.id);
  }
  const std::vector<StageRow> rows = record_.stages(row.id);
  const StageRow& opened = rows.at(static_cast<std::size_t>(stage - 1));
  if (!opened.opened_at_us)
    violated("I2", "stage {} of run {} may be sent, and was never opened", stage, row.id);
  if (stage == 1 || !opened.opened_at_us) return;
  const StageRow& done = rows.at(static_cast<std::size_t>(stage - 2));
  const Count count = count_record(row.id, run.counts.size()).at(static_cast<std::size_t>(stage - 2));
  if (count.settled() < count.devices) {
    violated("I13", "stage {} of run {} was opened, and {} devices of the one before have no result", stage,
             row.id, count.devices - count.settled());
  }
  if (count.devices > 0) check_gate(plan, stage - 1, count, done, opened, is_past_gate);
}

void RolloutLedger::check_gate(int plan, int done, const Count& count, const StageRow& done_row,
                               const StageRow& next_row, bool is_past_gate) {
  Truth& run = truth(plan);
  const StagePlan& stage = plan_of(plan).stages.at(static_cast<std::size_t>(done - 1));
  if (!done_row.settled_at_us) {
    violated("I2", "stage {} of run {} was opened, and the one before was never settled", done + 1, *run.id);
    return;
  }
  const std::int64_t soaked_us = *done_row.settled_at_us + stage.soak / 1us;
  if (*next_row.opened_at_us < soaked_us) {
    violated("I13", "stage {} of run {} was opened {} ms before the end of the soak", done + 1, *run.id,
             (soaked_us - *next_row.opened_at_us) / 1000);
  }
  const GatePlan& gate = stage.gate;
  if (gate.is_open || is_past_gate) return;
  const std::int64_t bad = count.failed + (gate.rules.is_doubt_failure ? count.in_doubt : 0);
  if (count.accepted + bad < gate.min_sample) {
    violated("I13", "the gate of stage {} of run {} let the next one start with a sample of {}, and wants {}",
             done, *run.id, count.accepted + bad, gate.min_sample);
  }
  const auto allows = [&count](const std::optional<TolerancePlan>& tolerance, std::int64_t devices) {
    return !tolerance || !tolerance->is_of_stage || devices <= tolerance->allowed(count.devices);
  };
  const bool is_well = allows(gate.rules.failed, bad) && allows(gate.rules.in_doubt, count.in_doubt) &&
                       (!gate.rules.code ||
                        allows(gate.rules.code->devices, of_code(count.bad_by_code, gate.rules.code->code)));
  if (!is_well) {
    violated("I13", "the gate of stage {} of run {} let the next one start, and its limits were passed", done,
             *run.id);
  }
  const auto answer = run.answers.find(done);
  if (gate.is_asked_outside && (answer == run.answers.end() || answer->second != GateAnswer::pass)) {
    violated("I13", "stage {} of run {} was opened, and the outside check did not say so", done + 1, *run.id);
  }
  // Only where nothing else can be the cause is it certain that a stage was opened late.
  const bool is_waited_for = gate.is_asked_outside ||
                             plan_of(plan).stages.at(static_cast<std::size_t>(done)).wants_approval ||
                             plan_of(plan).deadline.has_value();
  for (const Fault fault :
       {Fault::slow_disk, Fault::busy, Fault::disk_full, Fault::io_error, Fault::sync_fails, Fault::freeze,
        Fault::suspend, Fault::wall_jump, Fault::retry_after, Fault::outage, Fault::no_connection,
        Fault::blocked, Fault::pause, Fault::cancel})
    if (scenario_.has(fault)) return;
  if (is_waited_for || !run.is_served) return;
  const UtcTime from = std::max(
      {from_microseconds(soaked_us), machine_.utc(started_at_), machine_.utc(run.resumed_at.value_or(0ns))});
  const UtcTime opened_at = from_microseconds(*next_row.opened_at_us);
  if (opened_at > from + stage_opened_within) {
    violated("I15", "stage {} of run {} was opened {} s after the end of the soak", done + 1, *run.id,
             (opened_at - from) / 1s);
  }
}

// Each stage has the devices that were planned for it, in the order of the list.
void RolloutLedger::recount(const RunRow& row, int plan, const std::vector<ChunkRow>& chunks) {
  const std::vector<StagePlan>& stages = plan_of(plan).stages;
  std::vector<std::int64_t> devices(std::max<std::size_t>(1, stages.size()));
  std::int64_t from = 0;
  std::vector<std::pair<std::int64_t, std::int64_t>> parts;
  for (const StagePlan& stage : stages) {
    parts.emplace_back(from, from + stage.devices);
    from += stage.devices;
  }
  for (const ChunkRow& chunk : chunks) {
    if (chunk.run != row.id || chunk.state == "split") continue;
    const auto index = static_cast<std::size_t>(chunk.stage - 1);
    if (index >= devices.size()) {
      violated("I1", "chunk {} is in stage {}, and there is none", chunk.id, chunk.stage);
      return;
    }
    devices[index] += chunk.devices;
    const bool is_inside = stages.empty() || (chunk.position >= parts[index].first &&
                                              chunk.position + chunk.devices <= parts[index].second);
    if (!is_inside) violated("I1", "chunk {} has devices of another stage than {}", chunk.id, chunk.stage);
    if (chunk.stage > row.stage && chunk.attempt != 0)
      violated("I13", "chunk {} was sent, and its stage {} was never opened", chunk.id, chunk.stage);
  }
  for (std::size_t i = 0; i < stages.size(); ++i) {
    if (devices[i] != stages[i].devices)
      violated("I2", "stage {} of run {} has {} devices, and {} were planned", i + 1, row.id, devices[i],
               stages[i].devices);
  }
}

}  // namespace sluice::simulation
