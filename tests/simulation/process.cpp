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

Process::Process(Surroundings around, std::string store_path, std::string key)
    : around_(around),
      path_(std::move(store_path)),
      key_(std::move(key)),
      clock_(around.world, around.machine, *loop_),
      delay_([this] { return database_delay(); }),
      nonces_(around.process_dice),
      network_(around, clock_, [this] { return occasion(); }) {
  const double kills = around.scenario.rate_of(Fault::kill);
  call_dies_ = kills * 0.0004;
  occasion_dies_ = kills * 0.004;
  around_.disk.judge = [this](DiskCall call, const std::string&) { return judge(call); };
  around_.disk.slept = [this](std::chrono::microseconds time) { slept_ += time; };
  around_.ledger.process_started();
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
  std::vector<std::string> names;
  const int devices = around_.scenario.runs[static_cast<std::size_t>(run)].devices;
  for (int i = 0; i < devices; ++i) names.push_back(to_text({run, i}));
  const Result<Job> job = read_job(job_name(run), job_text);
  if (job.has_error()) throw std::runtime_error(job.error().message);
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

bool Process::lift_pauses(const RunRecord& run) {
  const std::optional<int> plan = around_.ledger.plan_of(run.id);
  if (run.control == RunControl::paused && plan) {
    around_.ledger.control_asked(*plan, RunControl::active);
    const Result<void> lifted =
        store_->set_run_control({.run = run.id, .control = RunControl::active, .now = clock_.utc_now()});
    if (is_dead_ || lifted.has_error()) return false;
    around_.ledger.control_done(*plan, RunControl::active);
  }
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
    if (is_dead_ || job.has_error() || !lift_pauses(*record)) return false;
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
    const bool is_forgotten = is_seeded(Mutation::retry_after_forgotten);
    const UtcTime asked_until = is_forgotten ? UtcTime{} : turn.front().record.tenant_silent_until;
    const SteadyTime not_before =
        std::max({quiet_until, last_sent_before + silence_needed(around_.scenario.rate),
                  clock_.steady_now() + silence_left(asked_until, clock_.utc_now())});
    quiet_until = co_await send(std::move(turn), not_before);
    last_sent_before = clock_.steady_now();
  }
}

DispatcherConfig Process::config_for(const std::vector<Sending>& runs, SteadyTime not_before) const {
  DispatcherConfig config{.tenant = tenant,
                          .endpoint = endpoint,
                          .dialect = {},
                          .credentials = {key_, Secret{"secret of " + key_}, {}},
                          .requests_per_second = around_.scenario.rate,
                          .in_flight_max = around_.scenario.in_flight,
                          .not_before = not_before};
  for (const Sending& run : runs) {
    config.runs[run.record.id] = run.job;
    if (splits_unguarded(run.record)) config.splits_unguarded.insert(run.record.id);
  }
  return config;
}

asio::awaitable<SteadyTime> Process::send(std::vector<Sending> runs, SteadyTime not_before) {
  around_.ledger.dispatcher_started();
  // The one before stays until here: what it started has ended with it.
  dispatcher_ = std::make_unique<Dispatcher>(loop_->get_executor(), *async_store_, network_, clock_, nonces_,
                                             *this, config_for(runs, not_before));
  const Result<void> done = co_await dispatcher_->run();
  if (done.has_error()) {
    around_.world.note("dispatcher_failed", static_cast<int>(done.error().kind));
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

void Process::ask_for_control(int run, RunControl control) {
  const std::optional<RunId> id = around_.ledger.run_id(run);
  if (!id || !store_) return;
  around_.ledger.control_asked(run, control);
  asio::co_spawn(
      *loop_,
      [](Process& process, int asked_run, RunId asked_id, RunControl asked) -> asio::awaitable<void> {
        auto work = [asked_id, asked, now = process.clock_.utc_now()](Store& store) {
          return store.set_run_control({.run = asked_id, .control = asked, .reason = "operator", .now = now});
        };
        const Result<void> done = co_await process.async_store_->call(std::move(work));
        if (process.is_dead_ || done.has_error()) co_return;
        process.around_.ledger.control_done(asked_run, asked);
      }(*this, run, *id, control),
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
