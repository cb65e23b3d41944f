// SPDX-License-Identifier: MIT
#include "sluice/engine/dispatcher.hpp"

#include <algorithm>
#include <deque>
#include <exception>
#include <utility>
#include <vector>

#include "engine/exchanges.hpp"
#include "engine/run_requests.hpp"
#include "engine/served_run.hpp"
#include "engine/stage_keeper.hpp"
#include "sluice/core/chunk_rules.hpp"
#include "sluice/core/fair_share.hpp"
#include "sluice/core/kill_point.hpp"
#include "sluice/core/mutation.hpp"

namespace sluice {
namespace asio = boost::asio;
namespace {

using namespace std::chrono_literals;

// A wait by the wall clock is looked at anew after this time.
constexpr auto wall_clock_trusted_for = 30s;
// Claims run ahead of the gate by this much, so that the database is never between token and send.
constexpr double claim_ahead_seconds = 0.3;

constexpr const char* late_reason = "deadline: the time that the job has given the run is over";

}  // namespace

class Dispatcher::Impl {
 public:
  Impl(asio::any_io_executor loop, AsyncStore& store, Transport& transport, Clock& clock,
       Randomness& randomness, Observer& observer, DispatcherConfig config)
      : clock_(clock),
        randomness_(randomness),
        observer_(observer),
        newcomers_(first_runs(config)),
        config_(std::make_shared<const DispatcherConfig>(std::move(config))),
        alarm_(clock.alarm()),
        exchanges_(loop, store, transport, clock, randomness, observer, config_, [this] { alarm_->ring(); }),
        stages_(loop, exchanges_.store(), clock, observer, config_->checks, config_->approves_itself,
                [this] { alarm_->ring(); }) {}

  asio::awaitable<Result<void>> run() {
    try {
      co_await work();
    } catch (const std::exception& problem) {
      exchanges_.fail(
          Error{ErrorKind::unexpected, std::string{"sending ended by an exception: "} + problem.what(), ""});
    }
    // Whatever happened, nobody who is on his way may outlive what he refers to.
    stages_.stop();
    while (exchanges_.active() > 0 || stages_.questions() > 0) {
      reach(KillPoint::drain);
      co_await alarm_->sleep_until(SteadyTime::max());
    }
    if (const std::optional<Error> failure = exchanges_.failure()) co_return *failure;
    co_return Result<void>{};
  }

  SteadyTime quiet_until() const { return exchanges_.gate().paced_from(); }

  void stop() {
    exchanges_.stop();
    stages_.stop();
  }

  void serve(RunToServe run) {
    if (serves(run.id)) return;
    newcomers_.push_back({std::move(run)});
    alarm_->ring();
  }

  bool serves(RunId id) const {
    return exchanges_.runs().contains(id) ||
           std::ranges::any_of(newcomers_, [id](const Newcomer& one) { return one.run.id == id; });
  }

  void reconfigure(const DispatcherConfig& config) {
    DispatcherConfig changed = *config_;
    changed.dialect = config.dialect;
    changed.credentials = config.credentials;
    changed.requests_per_second = config.requests_per_second;
    changed.account_limit = config.account_limit;
    changed.in_flight_max = config.in_flight_max;
    changed.is_denied = config.is_denied;
    config_ = std::make_shared<const DispatcherConfig>(std::move(changed));
    exchanges_.reconfigure(config_);
    alarm_->ring();
  }

  void go_on() {
    exchanges_.lift_tenant_halt();
    alarm_->ring();
  }

  void pause(RunId id) {
    for (Newcomer& one : newcomers_) one.is_halted |= one.run.id == id;
    if (ServedRun* run = served(id)) run->halt();
    exchanges_.ask_all_again();
    alarm_->ring();
  }

  void unpause(RunId id) {
    for (Newcomer& one : newcomers_) one.is_halted &= one.run.id != id;
    if (ServedRun* run = served(id)) run->serve_again(clock_.utc_now());
    alarm_->ring();
  }

  void look_again() {
    must_look_ = true;
    alarm_->ring();
  }

 private:
  /// A run that is to be served and has not begun.
  struct Newcomer {
    RunToServe run;
    bool is_halted = false;
  };

  std::map<RunId, ServedRun>& runs() { return exchanges_.runs(); }
  PaceGate& gate() { return exchanges_.gate(); }
  const PaceGate& gate() const { return exchanges_.gate(); }

  ServedRun* served(RunId id) {
    const auto found = runs().find(id);
    return found == runs().end() ? nullptr : &found->second;
  }

  static std::deque<Newcomer> first_runs(DispatcherConfig& config) {
    std::deque<Newcomer> runs;
    for (auto& [id, job] : std::exchange(config.runs, {})) {
      const auto rate = config.own_rates.find(id);
      runs.push_back({{.id = id,
                       .job = std::move(job),
                       .rate = rate == config.own_rates.end() ? 0 : rate->second,
                       .is_split_unguarded = config.splits_unguarded.contains(id)}});
    }
    return runs;
  }

  /// Until nothing is left to claim, or somebody says stop.
  asio::awaitable<void> work() {
    while (!exchanges_.is_stopping()) {
      co_await welcome_newcomers();
      if (config_->stays) forget_halted_runs();
      // What settles from here on may leave work behind that the next look misses.
      const bool was_idle = exchanges_.active() == 0;
      if (ordered_until_ && clock_.utc_now() >= *ordered_until_) must_look_ = true;
      if (std::exchange(must_look_, false)) co_await look_into_orders();
      co_await advance_stages();
      if (exchanges_.is_stopping()) break;
      const std::size_t room = room_to_claim();
      const SteadyTime claim_from = claim_not_before();
      if (room == 0 || claim_from > clock_.steady_now()) {
        co_await alarm_->sleep_until(room == 0 ? SteadyTime::max() : claim_from);
        continue;
      }
      const UtcTime now = clock_.utc_now();
      const SteadyTime asked_at = clock_.steady_now();
      const auto retries_max = static_cast<std::size_t>(room_for_retries());
      const std::size_t claimed = co_await claim(room, retries_max, now);
      if (claimed == room) exchanges_.report().tell_whether_retries_are_held(false);
      if (claimed == room || exchanges_.is_stopping()) continue;
      const bool may_hold_retries = retries_max < room && retries_max <= claimed;
      const bool more_to_come =
          co_await wait_until_due({now, asked_at}, was_idle && claimed == 0, may_hold_retries);
      if (!more_to_come) break;
    }
  }

  asio::awaitable<void> welcome_newcomers() {
    while (!newcomers_.empty()) {
      ServedRun& run = exchanges_.add(std::move(newcomers_.front().run));
      if (newcomers_.front().is_halted) run.halt();
      newcomers_.pop_front();
      shares_.add(run.id(), run.job().priority, clock_.steady_now());
      const Result<void> begun = co_await stages_.begin(run);
      if (begun.has_error()) exchanges_.fail(begun.error());
      must_look_ = true;
    }
  }

  void forget_halted_runs() {
    std::vector<RunId> halted;
    for (const auto& [id, run] : runs()) {
      if (run.is_halted() && !run.is_needed()) halted.push_back(id);
    }
    for (const RunId id : halted) forget(id);
  }

  void forget(RunId id) {
    shares_.remove(id);
    stages_.forget(id);
    exchanges_.remove(id);
    observer_.run_left(id);
  }

  std::size_t room_to_claim() const {
    // A lost endpoint is probed by one chunk; to connect at all is already a probe.
    const std::size_t ahead =
        gate().breaker().is_open()
            ? 1
            : static_cast<std::size_t>(config_->requests_per_second * claim_ahead_seconds) + 1;
    const std::size_t free = config_->in_flight_max - std::min(config_->in_flight_max, exchanges_.active());
    return std::min(ahead - std::min(ahead, exchanges_.staged()), free);
  }

  /// No earlier than the connection may be tried, nor long before the gate opens: a claim's timestamp grows
  /// stale.
  SteadyTime claim_not_before() const {
    const SteadyTime paced = gate().opens_at() - 1s;
    return std::max(paced, gate().breaker().next_probe_at().value_or(paced));
  }

  /// Those that are already on their way to the gate will take their share of it.
  int room_for_retries() const {
    return std::max(0, gate().room_for_retries() - exchanges_.staged_retries());
  }

  /// @return how many chunks were claimed and are now on their way to the gate
  asio::awaitable<std::size_t> claim(std::size_t room, std::size_t retries_max, UtcTime now) {
    ClaimRequest request{.tenant = config_->tenant,
                         .limit = static_cast<int>(room),
                         .retries_max = static_cast<int>(retries_max),
                         .now = now,
                         .make_intent = {},
                         .shares = shares_now()};
    if (request.shares.empty()) co_return 0;
    for (const auto& [run, share] : request.shares) request.runs.push_back(run);
    request.make_intent = intent_maker(config_, jobs_of(request.runs), fresh_nonces(room), clock_.utc_now());
    reach(KillPoint::claim_before);
    const SteadyTime asked_at = clock_.steady_now();
    auto work = [request = std::move(request)](Store& store) { return store.claim(request); };
    Result<std::vector<ClaimedChunk>> claimed = co_await exchanges_.store().call(std::move(work));
    if (claimed.has_error()) {
      exchanges_.fail(claimed.error());
      co_return 0;
    }
    count_shares(*claimed);
    for (ClaimedChunk& chunk : *claimed) {
      reach(KillPoint::intent_durable);
      // A run that is resumed after its deadline has it once more: nobody had a chance to try meanwhile.
      ServedRun& run = runs().at(chunk.run);
      chunk.facts.run_started_at = std::max({chunk.facts.run_started_at, started_at_, run.free_since()});
      run.retries_until(chunk.facts.run_started_at + run.job().retry.deadline);
      exchanges_.start(std::move(chunk), now, asked_at);
    }
    co_return claimed->size();
  }

  JobsOfRuns jobs_of(const std::vector<RunId>& ids) {
    JobsOfRuns jobs;
    for (const RunId id : ids) jobs.emplace(id, runs().at(id).shared_job());
    return jobs;
  }

  /// The runs that something may be claimed of, each with its share.
  std::map<RunId, RunShare> shares_now() {
    std::map<RunId, RunShare> shares;
    if (exchanges_.is_tenant_halted()) return shares;
    const SteadyTime now = clock_.steady_now();
    for (auto& [id, run] : runs()) {
      if (const auto window = run.look_at(clock_.utc_now()))
        observer_.window_changed({.run = id, .is_open = window->is_open, .until = window->changes_at});
      const int chunks_max = run.chunks_max(now);
      if (chunks_max == 0 || !run.may_send(clock_.utc_now())) continue;
      RunShare& share = shares[id] = shares_.share_of(id, now);
      share.chunks_max = chunks_max;
    }
    return shares;
  }

  void count_shares(const std::vector<ClaimedChunk>& claimed) {
    std::map<RunId, int> chunks;
    for (const ClaimedChunk& chunk : claimed) ++chunks[chunk.run];
    for (const auto& [run, count] : chunks) shares_.taken(run, count, clock_.steady_now());
  }

  /// What a person has said to other programs: approvals, and the pace of the account.
  asio::awaitable<void> look_into_orders() {
    for (auto& [id, run] : runs()) {
      const Result<void> learned = co_await stages_.learn(run);
      if (learned.has_error()) exchanges_.fail(learned.error());
    }
    auto read = [tenant = config_->tenant](Store& store) { return store.rate_order(tenant); };
    const Result<std::optional<RateOrder>> order = co_await exchanges_.store().call(std::move(read));
    if (order.has_error()) {
      exchanges_.fail(order.error());
      co_return;
    }
    const bool is_in_force =
        *order && (*order)->until > clock_.utc_now() && !is_seeded(Mutation::rate_order_ignored);
    ordered_until_ = is_in_force ? std::optional{(*order)->until} : std::nullopt;
    gate().slow_down_to(is_in_force ? (*order)->rate : 0);
    exchanges_.tell_pace();
  }

  /// Opens what may be opened; a run whose gate holds is halted by that.
  asio::awaitable<void> advance_stages() {
    next_stage_at_.reset();
    is_stage_awaited_ = false;
    if (exchanges_.is_tenant_halted()) co_return;
    for (auto& [id, run] : runs()) {
      if (run.is_past_deadline(clock_.utc_now())) co_await pause_late_run(run, late_reason);
      if (run.is_halted()) continue;
      const Result<StageKeeper::Advance> advance = co_await stages_.advance(run);
      if (advance.has_error()) {
        exchanges_.fail(advance.error());
        co_return;
      }
      is_stage_awaited_ |= advance->is_waiting;
      if (advance->look_at)
        next_stage_at_ = std::min(*advance->look_at, next_stage_at_.value_or(UtcTime::max()));
    }
  }

  std::vector<std::string> fresh_nonces(std::size_t count) {
    std::vector<std::string> nonces;
    for (std::size_t i = 0; i < count; ++i) nonces.push_back(randomness_.nonce());
    return nonces;
  }

  /// When the last claim was made, by both clocks.
  struct ClaimTime {
    UtcTime wall;
    SteadyTime steady;
  };

  /// What the runs wait for: wall-clock instants and the steady ones of their paces.
  struct Waits {
    std::optional<UtcTime> next_at;
    std::optional<SteadyTime> next_claim_at;
    bool holds_retries = false;
    bool is_open_ended = false;  ///< a run goes on later, by a window, a stage or its own pace
    std::vector<RunId> empty;    ///< runs with nothing in the queue and nothing under way

    void at(UtcTime time) { next_at = std::min(time, next_at.value_or(UtcTime::max())); }
    void claim_at(SteadyTime time) {
      next_claim_at = std::min(time, next_claim_at.value_or(SteadyTime::max()));
    }
  };

  /// Sleeps until a chunk is due or something has settled. @param claimed_at when the last claim found no
  /// more @param may_hold_retries it took as many retries as the budget has room for, and could have taken
  /// more
  /// @return false: nothing is left to do
  asio::awaitable<bool> wait_until_due(ClaimTime claimed_at, bool was_idle, bool may_hold_retries) {
    Waits waits;
    for (auto& [id, run] : runs()) {
      if (exchanges_.is_tenant_halted() || run.is_halted()) continue;
      const bool is_known = co_await look_what_waits(run, claimed_at, may_hold_retries, waits);
      if (!is_known) co_return false;
    }
    if (config_->stays) co_await forget_finished(waits.empty);
    exchanges_.report().tell_whether_retries_are_held(waits.holds_retries);
    if (is_stage_awaited_ && !exchanges_.is_tenant_halted()) waits.is_open_ended = true;
    if (next_stage_at_) waits.at(*next_stage_at_);
    // What has settled since the claim may have left work behind: then claim once more before leaving.
    const bool has_more = waits.next_at || waits.next_claim_at || waits.holds_retries || waits.is_open_ended;
    if (!has_more && exchanges_.active() == 0 && (!was_idle || !config_->stays)) co_return !was_idle;
    if (ordered_until_) waits.at(*ordered_until_);
    SteadyTime wake_at = waits.next_claim_at.value_or(SteadyTime::max());
    if (waits.next_at) wake_at = std::min(wake_at, clock_.steady_now() + (*waits.next_at - clock_.utc_now()));
    // As long as a retry is on its way to the gate, it is unknown what room it leaves; it rings when it
    // passes.
    if (waits.holds_retries && exchanges_.staged_retries() == 0)
      wake_at = std::min(wake_at, gate().room_for_retries_from());
    // The wall clock may be set meanwhile: what seemed to be an hour away can be due now.
    const SteadyTime look_again_at =
        runs().empty() ? SteadyTime::max() : clock_.steady_now() + wall_clock_trusted_for;
    co_await alarm_->sleep_until(std::min(wake_at, look_again_at));
    co_return true;
  }

  /// Of these, those that have no stage to come either.
  asio::awaitable<void> forget_finished(const std::vector<RunId>& empty) {
    for (const RunId id : empty) {
      auto work = [id](Store& store) { return store.run(id); };
      const Result<std::optional<RunRecord>> record = co_await exchanges_.store().call(std::move(work));
      if (record.has_error()) {
        exchanges_.fail(record.error());
        co_return;
      }
      if (!*record || unfinished((*record)->devices) == 0) forget(id);
    }
  }

  /// @return false: it could not be found out
  asio::awaitable<bool> look_what_waits(ServedRun& run, ClaimTime claimed_at, bool may_hold_retries,
                                        Waits& waits) {
    // Looked at first: what settles meanwhile may come back into the queue.
    const bool was_needed = run.is_needed();
    auto work = [id = run.id(), at = claimed_at.wall](Store& store) { return store.queue_state(id, at); };
    const Result<QueueState> queue = co_await exchanges_.store().call(std::move(work));
    if (queue.has_error()) {
      exchanges_.fail(queue.error());
      co_return false;
    }
    if (!was_needed && !queue->next_due_at) waits.empty.push_back(run.id());
    if (const std::optional<UtcTime> changes_at = run.changes_at(clock_.utc_now())) {
      if (queue->due_now > 0 || queue->due_later_at) waits.at(*changes_at);
      if (!run.may_send(clock_.utc_now())) co_return true;
    }
    const std::optional<SteadyTime> claimable_from = run.claimable_from();
    const bool is_paced = queue->due_now > 0 && claimable_from && *claimable_from > claimed_at.steady;
    if (is_paced) waits.claim_at(*claimable_from);
    if (may_hold_retries && queue->retries_due_now > 0 && !is_paced) {
      const std::optional<UtcTime> deadline = run.retry_deadline();
      if (deadline && *deadline <= clock_.utc_now()) {
        co_await pause_late_run(run, reason_of_late_retries());
        co_return true;
      }
      waits.holds_retries = true;
      if (deadline) waits.at(*deadline);
    }
    // Anything else that was due and yet not claimed is held back in the store: by a pause that somebody
    // else has set.
    if (queue->due_later_at) waits.at(*queue->due_later_at);
    co_return true;
  }

  /// Nobody claims anything of it any more, so no outcome would ever tell that it is late.
  asio::awaitable<void> pause_late_run(ServedRun& run, std::string reason) {
    if (run.is_halted()) co_return;
    exchanges_.halt(run.id(), Halt::run);
    auto work = [id = run.id(), reason = std::move(reason), now = clock_.utc_now()](Store& store) {
      return store.set_run_control({.run = id,
                                    .control = RunControl::paused,
                                    .cause = ControlCause::deadline,
                                    .reason = reason,
                                    .now = now});
    };
    const Result<void> paused = co_await exchanges_.store().call(std::move(work));
    // Refused: somebody has canceled it meanwhile.
    if (paused.has_error() && paused.error().kind != ErrorKind::refused) exchanges_.fail(paused.error());
  }

  Clock& clock_;
  Randomness& randomness_;
  Observer& observer_;
  std::deque<Newcomer> newcomers_;
  std::shared_ptr<const DispatcherConfig> config_;
  const UtcTime started_at_ = clock_.utc_now();
  const std::unique_ptr<Alarm> alarm_;  ///< rung when room or work may have appeared
  Exchanges exchanges_;
  StageKeeper stages_;
  FairShare shares_;
  bool must_look_ = true;                 ///< into what a person may have said to other programs
  std::optional<UtcTime> ordered_until_;  ///< until when a person's pace is in force
  bool is_stage_awaited_ = false;         ///< some run waits between two of its stages
  std::optional<UtcTime> next_stage_at_;  ///< when that may be over by itself
};

Dispatcher::Dispatcher(asio::any_io_executor loop, AsyncStore& store, Transport& transport, Clock& clock,
                       Randomness& randomness, Observer& observer, DispatcherConfig config)
    : impl_(std::make_unique<Impl>(std::move(loop), store, transport, clock, randomness, observer,
                                   std::move(config))) {}

Dispatcher::~Dispatcher() = default;

asio::awaitable<Result<void>> Dispatcher::run() { return impl_->run(); }

SteadyTime Dispatcher::quiet_until() const { return impl_->quiet_until(); }

void Dispatcher::serve(RunToServe run) { impl_->serve(std::move(run)); }

bool Dispatcher::serves(RunId run) const { return impl_->serves(run); }

void Dispatcher::reconfigure(const DispatcherConfig& config) { impl_->reconfigure(config); }

void Dispatcher::go_on() { impl_->go_on(); }

void Dispatcher::pause(RunId run) { impl_->pause(run); }

void Dispatcher::unpause(RunId run) { impl_->unpause(run); }

void Dispatcher::look_again() { impl_->look_again(); }

void Dispatcher::stop() { impl_->stop(); }

}  // namespace sluice
