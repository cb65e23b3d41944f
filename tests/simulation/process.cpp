// SPDX-License-Identifier: MIT
#include "simulation/process.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <limits>

#include "simulation/unfaithful_store.hpp"
#include "sluice/core/mutation.hpp"
#include "sluice/core/silence.hpp"
#include "sluice/core/split_guard.hpp"
#include "sluice/engine/again.hpp"
#include "sluice/engine/recovery.hpp"
#include "sluice/engine/submit.hpp"
#include "sluice/jobfile/job_file.hpp"

namespace sluice::simulation {
namespace asio = boost::asio;
namespace {

using namespace std::chrono_literals;

constexpr const char* tenant = "t";
constexpr const char* endpoint = "https://cloud";

std::string job_name(int run) { return "run-" + std::to_string(run); }

}  // namespace

std::string Process::Nonces::nonce() {
  const std::uint64_t high = dice_.bits();
  const std::uint64_t low = dice_.bits();
  return fmt::format("{:016x}{:016x}", high, low);
}

Process::Process(Surroundings around, std::string store_path, std::string key, bool knows_deny_list)
    : around_(around),
      path_(std::move(store_path)),
      key_(std::move(key)),
      clock_(around.world, around.machine, *loop_),
      delay_([this] { return database_delay(); }),
      nonces_(around.process_dice),
      network_(around, clock_, [this] { return occasion(); }),
      knows_deny_list_(knows_deny_list) {
  const double kills = around.scenario.rate_of(Fault::kill);
  call_dies_ = kills * 0.0004;
  occasion_dies_ = kills * 0.004;
  around_.disk.judge = [this](DiskCall call, const std::string&) { return judge(call); };
  around_.disk.slept = [this](std::chrono::microseconds time) { slept_ += time; };
  around_.ledger.process_started(knows_deny_list);
}

// The coroutines first: they use all the rest.
Process::~Process() {
  if (!is_dead_) die();
  clock_.forget_everything();
  async_store_.reset();
  loop_.reset();
  dispatcher_.reset();
  around_.disk.judge = nullptr;
  around_.disk.slept = nullptr;
}

void Process::die() {
  if (std::exchange(is_dead_, true)) return;
  around_.world.note("death");
  around_.disk.kill();
}

bool Process::occasion() {
  if (!is_dead_ && !around_.is_calm && around_.process_dice.chance(occasion_dies_)) die();
  return !is_dead_;
}

DiskVerdict Process::judge(DiskCall call) {
  if (is_dead_) return DiskVerdict::io_error;
  if (around_.is_calm) return DiskVerdict::fine;
  const Scenario& scenario = around_.scenario;
  Dice& dice = around_.process_dice;
  if (dice.chance(call_dies_)) {
    die();
    return DiskVerdict::die;
  }
  const auto fails = [&](Fault fault) { return scenario.has(fault) && dice.chance(scenario.rate_of(fault)); };
  DiskVerdict verdict = DiskVerdict::fine;
  if (call == DiskCall::sync && fails(Fault::sync_fails)) verdict = DiskVerdict::io_error;
  if (call == DiskCall::write && fails(Fault::disk_full)) verdict = DiskVerdict::full;
  if (call == DiskCall::write_lock && fails(Fault::busy)) verdict = DiskVerdict::busy;
  if (call != DiskCall::write_lock && call != DiskCall::sync && fails(Fault::io_error)) {
    verdict = DiskVerdict::io_error;
  }
  if (verdict == DiskVerdict::fine) return verdict;
  ++(call == DiskCall::sync ? around_.totals.failed_syncs : around_.totals.disk_errors);
  around_.world.note("disk", static_cast<int>(call), static_cast<int>(verdict));
  return verdict;
}

Nanos Process::database_delay() {
  Nanos delay = around_.process_dice.span(10us, 1ms) + std::exchange(slept_, 0ns);
  const Scenario& scenario = around_.scenario;
  if (scenario.has(Fault::slow_disk) && !around_.is_calm &&
      around_.process_dice.chance(scenario.rate_of(Fault::slow_disk))) {
    delay += around_.process_dice.span(1ms, 3s);
  }
  return delay;
}

bool Process::open() {
  const BootClock boot_clock{.boot_id = fmt::format("boot-{}", around_.machine.boot),
                             .since_boot = [machine = &around_.machine, world = &around_.world] {
                               return machine->since_boot(world->now());
                             }};
  Result<std::unique_ptr<Store>> opened = open_store(path_, clock_.utc_now(), boot_clock);
  if (is_dead_) return false;
  if (opened.has_error()) {
    failure_ = opened.error();
    around_.world.note("open_failed", 0, 0,
                       opened.error().message.substr(opened.error().message.rfind(": ") + 1));
    return false;
  }
  store_ = faithless_if_seeded(std::move(*opened));
  last_sent_before_ = clock_.steady_now() - store_->silent_for().value_or(0ns);
  async_store_ = std::make_unique<AsyncStore>(*store_, DelayingExecutor{clock_, *loop_, delay_},
                                              DelayingExecutor{clock_, *loop_, delay_});
  return true;
}

bool Process::recover() {
  const Result<std::int64_t> recovered = recover_unfinished(*store_, clock_.utc_now());
  if (is_dead_) return false;
  if (recovered.has_error()) {
    failure_ = recovered.error();
    return false;
  }
  around_.world.note("recovered", *recovered);
  return true;
}

bool Process::submit(int run, const std::string& job_text) {
  around_.world.note("job", run, 0, job_text);
  const Result<Job> job = read_job(job_name(run), job_text);
  if (job.has_error()) throw std::runtime_error(job.error().message);
  if (!around_.scenario.runs[static_cast<std::size_t>(run)].rollout.stages.empty()) {
    const Result<RunId> imported = import_in_stages(*job, job_text, run);
    if (is_dead_) return false;
    if (imported.has_error()) {
      failure_ = imported.error();
      return false;
    }
    around_.ledger.submitted(run);
    return true;
  }
  std::vector<std::string> names;
  const int devices = around_.scenario.runs[static_cast<std::size_t>(run)].devices;
  for (int i = 0; i < devices; ++i) names.push_back(to_text({run, i}));
  Result<TargetList> list = TargetList::open({.list = {.names = std::move(names)}});
  if (list.has_error()) throw std::runtime_error(list.error().message);
  const Result<Submitted> submitted = sluice::submit(*store_, *list,
                                                     {.job = *job,
                                                      .job_text = job_text,
                                                      .tenant = tenant,
                                                      .endpoint = endpoint,
                                                      .rate = around_.scenario.rate,
                                                      .now = clock_.utc_now()});
  if (is_dead_) return false;
  if (submitted.has_error()) {
    failure_ = submitted.error();
    return false;
  }
  around_.ledger.submitted(run);
  return true;
}

/// Which devices a stage has is this operator's choice: the next ones of the list.
Result<RunId> Process::import_in_stages(const Job& job, const std::string& job_text, int run) {
  const RunPlan& plan = around_.scenario.runs[static_cast<std::size_t>(run)];
  NewRun created{.job_name = job.name,
                 .tenant = tenant,
                 .endpoint = endpoint,
                 .job_text = job_text,
                 .rate = around_.scenario.rate,
                 .created_at = clock_.utc_now()};
  std::vector<NewChunk> chunks;
  int device = 0;
  for (std::size_t i = 0; i < plan.rollout.stages.size(); ++i) {
    const StagePlan& stage = plan.rollout.stages[i];
    created.stages.push_back({stage_name(i + 1, plan.rollout.stages.size()), stage.devices});
    for (int left = stage.devices; left > 0;) {
      NewChunk chunk{.devices = std::min(left, static_cast<int>(plan.chunk_size)),
                     .names = {},
                     .stage = static_cast<int>(i + 1)};
      for (int n = 0; n < chunk.devices; ++n) chunk.names += to_text({run, device++}) + "\n";
      left -= chunk.devices;
      chunks.push_back(std::move(chunk));
    }
  }
  const Result<RunId> id = store_->create_run(created);
  if (id.has_error()) return id.error();
  Result<void> done = store_->add_chunks(*id, chunks);
  if (done.has_value()) done = store_->seal_run(*id, 0);
  if (done.has_value()) return *id;
  (void)store_->drop_unsealed(*id);
  return done.error();
}

bool Process::set_control(int run, RunControl control) {
  const std::optional<RunId> id = around_.ledger.run_id(run);
  if (!id) return true;
  const int asked = around_.ledger.control_asked(run, control);
  const Result<void> done = store_->set_run_control(
      {.run = *id, .control = control, .reason = "operator", .actor = "op", .now = clock_.utc_now()});
  if (is_dead_) return false;
  if (done.has_value()) around_.ledger.control_done(run, control, asked);
  if (done.has_error()) around_.ledger.control_refused(run, control);
  return done.has_value() || done.error().kind == ErrorKind::refused;
}

/// Says yes to every stage that waits, or will wait, for it; past a gate, to the next one only.
bool Process::approve_all(int run, bool is_past_gate) {
  const std::optional<RunId> id = around_.ledger.run_id(run);
  const std::optional<RunRow> row = id ? around_.record.run(id->value) : std::nullopt;
  return !row || approve_all(*row, run, is_past_gate);
}

bool Process::approve_all(const RunRow& row, int run, bool is_past_gate) {
  const std::vector<StagePlan>& stages = around_.scenario.runs[static_cast<std::size_t>(run)].rollout.stages;
  for (int stage = row.stage + 1; stage <= static_cast<int>(stages.size()); ++stage) {
    const bool is_next = stage == row.stage + 1;
    const bool is_held = is_past_gate && is_next;
    if (!stages[static_cast<std::size_t>(stage - 1)].wants_approval && !is_held) continue;
    const Result<int> approved = store_->approve({.run = RunId{row.id},
                                                  .stage = stage,
                                                  .actor = "op",
                                                  .is_past_gate = is_held,
                                                  .now = clock_.utc_now()});
    if (is_dead_) return false;
    if (approved.has_error()) return approved.error().kind == ErrorKind::refused;
  }
  return true;
}

bool Process::cancel_child(RunId run) {
  const Result<void> done = store_->set_run_control({.run = run,
                                                     .control = RunControl::canceled,
                                                     .reason = "operator",
                                                     .actor = "op",
                                                     .now = clock_.utc_now()});
  return !is_dead_ && (done.has_value() || done.error().kind == ErrorKind::refused);
}

bool Process::send_again(int run, Dice& dice) {
  const std::optional<RunId> id = around_.ledger.run_id(run);
  const bool failed = dice.chance(0.7);
  const bool not_sent = dice.chance(0.7);
  const bool in_doubt = dice.chance(0.4);
  const bool undoes = dice.chance(0.3);
  if (!id || around_.ledger.has_child(run)) return true;
  const AgainSelection reached{.in_doubt = true, .accepted = true, .where = {}};
  const AgainSelection missed{.failed = failed, .not_sent = not_sent, .in_doubt = in_doubt};
  const AgainRequest request{.parent = *id,
                             .purpose = undoes ? RunPurpose::undo : RunPurpose::retry,
                             .selection = undoes ? reached : missed,
                             .now = clock_.utc_now(),
                             .submitter = "op"};
  const Result<AgainSurvey> survey = survey_again(*store_, request);
  if (is_dead_) return false;
  if (survey.has_error()) return survey.error().kind == ErrorKind::refused;
  around_.ledger.child_asked(run, request.selection);
  const Result<RunId> child = submit_again(*store_, request, *survey);
  if (is_dead_ || child.has_error()) return false;
  around_.ledger.opened();
  return true;
}

bool Process::lift_pauses(const RunRecord& run) {
  const std::optional<int> plan = around_.ledger.plan_of(run.id);
  if (run.control == RunControl::paused && !plan) {
    const Result<void> lifted =
        store_->set_run_control({.run = run.id, .actor = "op", .now = clock_.utc_now()});
    if (is_dead_ || lifted.has_error()) return false;
  }
  if (run.control == RunControl::paused && plan && !set_control(*plan, RunControl::active)) return false;
  if (run.tenant_pause_reason.empty()) return true;
  around_.ledger.tenant_resumed();
  const Result<void> lifted = store_->set_tenant_pause(tenant, "", clock_.utc_now());
  return !is_dead_ && lifted.has_value();
}

bool Process::begin_sending() {
  const Result<std::vector<RunRecord>> records = store_->runs(std::numeric_limits<std::int32_t>::max());
  if (is_dead_ || records.has_error()) return false;
  std::vector<Sending> runs;
  for (auto record = records->rbegin(); record != records->rend(); ++record) {
    if (record->chunks.pending + record->chunks.in_flight == 0) continue;
    const Result<Job> job = job_of(*store_, record->id);
    if (is_dead_ || job.has_error()) return false;
    const bool is_left_paused =
        record->control == RunControl::paused && !around_.is_calm && around_.process_dice.chance(0.15);
    if (is_left_paused) continue;
    if (!lift_pauses(*record)) return false;
    runs.push_back({*record, *job});
  }
  is_done_ = runs.empty();
  if (is_done_) return false;
  asio::co_spawn(*loop_, send_all(std::move(runs)), [this](std::exception_ptr problem) {
    if (is_dead_) return;
    if (problem) around_.world.violated("I15", "sending ended by an exception");
    is_done_ = true;
  });
  return true;
}

// As app/session does it.
asio::awaitable<void> Process::send_all(std::vector<Sending> runs) {
  const bool is_warm = is_seeded(Mutation::no_cold_start_pause);
  SteadyTime last_sent_before = is_warm ? SteadyTime{} : last_sent_before_;
  SteadyTime quiet_until;
  std::vector<std::vector<Sending>> turns;
  if (around_.scenario.dispatches_together) {
    turns.push_back(std::move(runs));
  } else {
    for (Sending& run : runs) turns.push_back({std::move(run)});
  }
  for (std::vector<Sending>& turn : turns) {
    if (is_stopping_ || failure_) break;
    std::erase_if(turn, [this](const Sending& run) { return braked_.contains(run.record.id); });
    if (turn.empty()) continue;
    const bool is_forgotten = is_seeded(Mutation::retry_after_forgotten);
    const UtcTime asked_until = is_forgotten ? UtcTime{} : turn.front().record.tenant_silent_until;
    const SteadyTime not_before =
        std::max({quiet_until, last_sent_before + silence_needed(around_.scenario.rate),
                  clock_.steady_now() + silence_left(asked_until, clock_.utc_now())});
    quiet_until = co_await send(std::move(turn), not_before);
    last_sent_before = clock_.steady_now();
  }
}

DispatcherConfig Process::config_for(const std::vector<Sending>& runs, SteadyTime not_before) {
  DispatcherConfig config{.tenant = tenant,
                          .endpoint = endpoint,
                          .dialect = {},
                          .credentials = {key_, Secret{"secret of " + key_}, {}},
                          .requests_per_second = around_.scenario.rate,
                          .in_flight_max = around_.scenario.in_flight,
                          .not_before = not_before};
  config.is_denied = [this](std::string_view device) { return is_denied(device); };
  config.checks.ask = [this](GateQuestion question) { return answer(std::move(question)); };
  config.checks.cancel = [this] {
    for (Alarm* alarm : asking_) alarm->ring();
  };
  for (const Sending& run : runs) {
    config.runs[run.record.id] = run.job;
    if (splits_unguarded(run.record)) config.splits_unguarded.insert(run.record.id);
  }
  return config;
}

asio::awaitable<SteadyTime> Process::send(std::vector<Sending> runs, SteadyTime not_before) {
  std::vector<RunId> ids;
  for (const Sending& run : runs) ids.push_back(run.record.id);
  around_.ledger.dispatcher_started(ids);
  // The one before stays until here: what it started has ended with it.
  dispatcher_ = std::make_unique<Dispatcher>(loop_->get_executor(), *async_store_, network_, clock_, nonces_,
                                             *this, config_for(runs, not_before));
  const Result<void> done = co_await dispatcher_->run();
  if (done.has_error()) {
    around_.world.note("dispatcher_failed", static_cast<int>(done.error().kind));
    if (done.error().kind == ErrorKind::refused) {
      around_.world.violated("I15", "sending ended because something was refused: " + done.error().message);
    }
    const bool concerns_all = done.error().kind != ErrorKind::unreachable;
    if (concerns_all && !is_dead_) failure_ = done.error();
    has_failed_ = true;
  }
  co_return dispatcher_->quiet_until();
}

void Process::attempt_sent(const AttemptSent&, SteadyTime) { occasion(); }

void Process::attempt_settled(const AttemptSettled& event, SteadyTime) {
  if (!occasion()) return;
  around_.ledger.settled(event);
  settlements_.push_back(
      {event.chunk, event.attempt, event.outcome, event.transition, clock_.utc_now(), clock_.utc_now()});
  if (settlements_.size() > 8) settlements_.erase(settlements_.begin());
}

void Process::endpoint_lost(std::string_view) {
  if (is_dead_) return;
  around_.world.note("lost");
  around_.ledger.endpoint_lost(true);
}

void Process::endpoint_back() {
  if (is_dead_) return;
  around_.world.note("back");
  around_.ledger.endpoint_lost(false);
}

void Process::stage_changed(const StageNews& news) {
  const std::optional<int> plan = around_.ledger.plan_of(news.run);
  if (plan && !is_dead_) around_.ledger.rollouts().stages_moved(*plan);
}

bool Process::is_denied(std::string_view device) const {
  const std::optional<DeviceName> name = device_name_from(device);
  if (!knows_deny_list_ || !name) return false;
  return around_.scenario.runs[static_cast<std::size_t>(name->run)]
      .rollout.is_denied[static_cast<std::size_t>(name->device)];
}

asio::awaitable<GateAnswer> Process::answer(GateQuestion question) {
  const std::unique_ptr<Alarm> alarm = clock_.alarm();
  asking_.insert(alarm.get());
  const SteadyTime answered_at = clock_.steady_now() + around_.process_dice.span(1ms, 20s);
  co_await alarm->sleep_until(answered_at);
  asking_.erase(alarm.get());
  if (clock_.steady_now() < answered_at) co_return GateAnswer::inconclusive;
  GateAnswer told = GateAnswer::pass;
  const bool is_doubted =
      !around_.is_calm && around_.process_dice.chance(around_.scenario.rate_of(Fault::outside_doubt));
  if (is_doubted) told = around_.process_dice.chance(0.7) ? GateAnswer::inconclusive : GateAnswer::fail;
  const std::optional<int> plan = around_.ledger.plan_of(question.run);
  const int stage = question.stage == "all" ? 1 : std::stoi(question.stage.substr(1));
  if (plan) around_.ledger.rollouts().gate_answered(*plan, stage, told);
  co_return told;
}

// As the control server does it: the brake first, then the record; and whoever was braked again meanwhile is
// not let go.
void Process::ask_for_control(int run, RunControl control, bool is_braked) {
  const std::optional<RunId> id = around_.ledger.run_id(run);
  if (!id || !store_) return;
  if (is_braked && control != RunControl::active) {
    ++times_braked_[run];
    braked_.insert(*id);
    around_.ledger.rollouts().braked(run);
    if (dispatcher_) dispatcher_->pause(*id);
  }
  const int asked = around_.ledger.control_asked(run, control);
  asio::co_spawn(
      *loop_,
      [](Process& process, int asked_run, RunId asked_id, RunControl wanted, int number,
         int times_braked) -> asio::awaitable<void> {
        auto work = [asked_id, wanted, now = process.clock_.utc_now()](Store& store) {
          return store.set_run_control(
              {.run = asked_id, .control = wanted, .reason = "operator", .actor = "op", .now = now});
        };
        const Result<void> done = co_await process.async_store_->call(std::move(work));
        if (process.is_dead_) co_return;
        if (done.has_error()) co_return process.around_.ledger.control_refused(asked_run, wanted);
        process.around_.ledger.control_done(asked_run, wanted, number);
        if (wanted != RunControl::active || process.times_braked_[asked_run] != times_braked) co_return;
        process.braked_.erase(asked_id);
        process.around_.ledger.rollouts().unbraked(asked_run);
        if (process.dispatcher_) process.dispatcher_->unpause(asked_id);
      }(*this, run, *id, control, asked, times_braked_[run]),
      [](std::exception_ptr) {});
}

void Process::approve(int run) {
  const std::optional<RunId> id = around_.ledger.run_id(run);
  if (!id || !store_) return;
  asio::co_spawn(
      *loop_,
      [](Process& process, RunId of, bool is_past_gate) -> asio::awaitable<void> {
        auto work = [of, is_past_gate, now = process.clock_.utc_now()](Store& store) {
          return store.approve(
              {.run = of, .stage = {}, .actor = "op", .is_past_gate = is_past_gate, .now = now});
        };
        const Result<int> approved = co_await process.async_store_->call(std::move(work));
        if (process.is_dead_ || approved.has_error()) co_return;
        process.around_.world.note("approved", of.value, *approved);
        if (process.dispatcher_) process.dispatcher_->look_again();
      }(*this, *id, around_.process_dice.chance(0.15)),
      [](std::exception_ptr) {});
}

void Process::order_rate(double rate, Nanos time) {
  if (!store_) return;
  around_.ledger.rollouts().rate_asked();
  asio::co_spawn(
      *loop_,
      [](Process& process, double ordered, Nanos length) -> asio::awaitable<void> {
        const UtcTime now = process.clock_.utc_now();
        const UtcTime until = now + std::chrono::duration_cast<std::chrono::microseconds>(length);
        auto work = [ordered, now, until](Store& store) {
          return store.set_rate(
              {.tenant = tenant, .rate = ordered, .until = until, .actor = "op", .now = now});
        };
        const Result<void> done = co_await process.async_store_->call(std::move(work));
        if (process.is_dead_ || done.has_error()) co_return;
        process.around_.world.note("rate", static_cast<std::int64_t>(ordered * 1000));
        process.around_.ledger.rollouts().rate_ordered(ordered, until);
        if (process.dispatcher_) process.dispatcher_->look_again();
      }(*this, rate, time),
      [](std::exception_ptr) {});
}

void Process::settle_once_more() {
  if (settlements_.empty() || !store_) return;
  const auto index = around_.process_dice.between(0, static_cast<std::int64_t>(settlements_.size()) - 1);
  asio::co_spawn(
      *loop_,
      [](Process& process, Settlement stale) -> asio::awaitable<void> {
        auto work = [stale](Store& store) { return store.settle(stale); };
        const Result<void> done = co_await process.async_store_->call(std::move(work));
        if (process.is_dead_ || done.has_error()) co_return;
        process.around_.world.violated(
            "I9", fmt::format("the stale answer to attempt {} was taken for chunk {}", stale.attempt.value,
                              stale.chunk.value));
      }(*this, settlements_[static_cast<std::size_t>(index)]),
      [](std::exception_ptr) {});
}

bool Process::decide_doubt(DoubtVerdict verdict, int run, Dice& dice) {
  const std::optional<RunId> id = around_.ledger.run_id(run);
  if (!id) return true;
  const Result<std::vector<DoubtfulChunk>> doubts = store_->doubts(*id);
  if (is_dead_ || doubts.has_error()) return false;
  DoubtDecision decision{
      .run = *id, .verdict = verdict, .actor = "op", .reason = "why not", .now = clock_.utc_now()};
  std::vector<std::int64_t> chunks;
  std::int64_t devices = 0;
  for (const DoubtfulChunk& doubt : *doubts) {
    if (!dice.chance(0.7)) continue;
    decision.chunks.insert(doubt.chunk);
    chunks.push_back(doubt.chunk.value);
    devices += doubt.devices;
  }
  if (chunks.empty()) return true;
  decision.expected_devices = devices;
  around_.ledger.verdict_asked(verdict, chunks);
  const Result<DoubtResolved> resolved = store_->resolve_doubt(decision);
  if (is_dead_) return false;
  if (resolved.has_value()) around_.ledger.verdict_done();
  return true;
}

void Process::stop() {
  is_stopping_ = true;
  around_.ledger.stop_asked();
  if (dispatcher_) dispatcher_->stop();
}

std::uint64_t Process::work() {
  std::uint64_t handlers = 0;
  clock_.wake_due();
  loop_->restart();
  while (!is_dead_ && !around_.world.violation() && loop_->poll_one() > 0) ++handlers;
  return handlers;
}

// The store's destructor is a part of the program: it may die in it.
void Process::close() {
  clock_.forget_everything();
  async_store_.reset();
  around_.record.close();
  store_.reset();
}

}  // namespace sluice::simulation
