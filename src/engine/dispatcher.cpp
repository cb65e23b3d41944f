// SPDX-License-Identifier: MIT
#include "sluice/engine/dispatcher.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <exception>
#include <set>
#include <utility>
#include <vector>

#include "engine/pace_gate.hpp"
#include "engine/pace_report.hpp"
#include "engine/patient_store.hpp"
#include "engine/run_requests.hpp"
#include "engine/served_run.hpp"
#include "engine/stage_keeper.hpp"
#include "sluice/core/chunk_rules.hpp"
#include "sluice/core/fair_share.hpp"
#include "sluice/core/kill_point.hpp"
#include "sluice/core/mutation.hpp"
#include "sluice/dialect/server_clock.hpp"

namespace sluice {
namespace asio = boost::asio;
namespace {

using namespace std::chrono_literals;

// A request claimed this long ago carries a stale timestamp: it is put back and claimed afresh.
constexpr auto staged_for_max = 60s;
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
      : loop_(std::move(loop)),
        transport_(transport),
        clock_(clock),
        randomness_(randomness),
        observer_(observer),
        config_(std::make_shared<const DispatcherConfig>(std::move(config))),
        gate_(clock, Pacer{config_->requests_per_second, config_->not_before, config_->account_limit}),
        report_(observer, config_->requests_per_second),
        store_(store, clock, report_, [this](const Error& full) { begin_nothing_new(full); }),
        stages_(loop_, store_, clock, observer, *config_, [this] { alarm_->ring(); }),
        alarm_(clock.alarm()) {
    for (const auto& [id, job] : config_->runs) {
      const auto own_rate = config_->own_rates.find(id);
      runs_.try_emplace(
          id, id, job, !config_->splits_unguarded.contains(id),
          own_rate == config_->own_rates.end() ? std::nullopt : std::optional{own_rate->second});
      shares_.add(id, job.priority, clock.steady_now());
    }
  }

  asio::awaitable<Result<void>> run() {
    try {
      co_await serve();
    } catch (const std::exception& problem) {
      fail(Error{ErrorKind::unexpected, std::string{"sending ended by an exception: "} + problem.what(), ""});
    }
    // Whatever happened, nobody who is on his way may outlive what he refers to.
    stages_.stop();
    while (active_ > 0 || stages_.questions() > 0) {
      reach(KillPoint::drain);
      co_await alarm_->sleep_until(SteadyTime::max());
    }
    if (failure_) co_return *failure_;
    if (store_trouble_) co_return *store_trouble_;
    co_return Result<void>{};
  }

  SteadyTime quiet_until() const { return gate_.paced_from(); }

  void stop() {
    is_stopping_ = true;
    store_.stop();
    stages_.stop();
    ask_all_again();
    alarm_->ring();
  }

  void pause(RunId id) {
    if (ServedRun* run = served(id)) run->halt();
    ask_all_again();
  }

  void unpause(RunId id) {
    if (ServedRun* run = served(id)) run->serve_again();
    alarm_->ring();
  }

  void look_again() {
    must_look_ = true;
    alarm_->ring();
  }

 private:
  ServedRun* served(RunId id) {
    const auto found = runs_.find(id);
    return found == runs_.end() ? nullptr : &found->second;
  }

  /// Until nothing is left to claim, or somebody says stop.
  asio::awaitable<void> serve() {
    for (auto& [id, run] : runs_) {
      const Result<void> begun = co_await stages_.begin(run);
      if (begun.has_error()) fail(begun.error());
    }
    while (!is_stopping_) {
      if (ordered_until_ && clock_.utc_now() >= *ordered_until_) must_look_ = true;
      if (std::exchange(must_look_, false)) co_await look_into_orders();
      co_await advance_stages();
      if (is_stopping_) break;
      const std::size_t room = room_to_claim();
      const SteadyTime claim_from = claim_not_before();
      if (room == 0 || claim_from > clock_.steady_now()) {
        co_await alarm_->sleep_until(room == 0 ? SteadyTime::max() : claim_from);
        continue;
      }
      const UtcTime now = clock_.utc_now();
      const SteadyTime asked_at = clock_.steady_now();
      const bool was_idle = active_ == 0;
      const auto retries_max = static_cast<std::size_t>(room_for_retries());
      const std::size_t claimed = co_await claim(room, retries_max, now);
      if (claimed == room) report_.tell_whether_retries_are_held(false);
      if (claimed == room || is_stopping_) continue;
      const bool may_hold_retries = retries_max < room && retries_max <= claimed;
      const bool more_to_come =
          co_await wait_until_due({now, asked_at}, was_idle && claimed == 0, may_hold_retries);
      if (!more_to_come) break;
    }
  }

  std::size_t room_to_claim() const {
    // A lost endpoint is probed by one chunk; to connect at all is already a probe.
    const std::size_t ahead =
        gate_.breaker().is_open()
            ? 1
            : static_cast<std::size_t>(config_->requests_per_second * claim_ahead_seconds) + 1;
    const std::size_t free = config_->in_flight_max - std::min(config_->in_flight_max, active_);
    return std::min(ahead - std::min(ahead, staged_), free);
  }

  /// No earlier than the connection may be tried, nor long before the gate opens: a claim's timestamp grows
  /// stale.
  SteadyTime claim_not_before() const {
    const SteadyTime paced = gate_.opens_at() - 1s;
    return std::max(paced, gate_.breaker().next_probe_at().value_or(paced));
  }

  /// Those that are already on their way to the gate will take their share of it.
  int room_for_retries() const { return std::max(0, gate_.room_for_retries() - staged_retries_); }

  /// @return how many chunks were claimed and are now on their way to the gate
  asio::awaitable<std::size_t> claim(std::size_t room, std::size_t retries_max, UtcTime now) {
    ClaimRequest request{.tenant = config_->tenant,
                         .limit = static_cast<int>(room),
                         .retries_max = static_cast<int>(retries_max),
                         .now = now,
                         .make_intent = intent_maker(config_, fresh_nonces(room), clock_.utc_now()),
                         .shares = shares_now()};
    for (const auto& [run, share] : request.shares) request.runs.push_back(run);
    if (request.runs.empty()) co_return 0;
    reach(KillPoint::claim_before);
    const SteadyTime asked_at = clock_.steady_now();
    auto work = [request = std::move(request)](Store& store) { return store.claim(request); };
    Result<std::vector<ClaimedChunk>> claimed = co_await store_.call(std::move(work));
    if (claimed.has_error()) {
      fail(claimed.error());
      co_return 0;
    }
    count_shares(*claimed);
    for (ClaimedChunk& chunk : *claimed) {
      reach(KillPoint::intent_durable);
      // A run that is resumed after its deadline has it once more: nobody had a chance to try meanwhile.
      chunk.facts.run_started_at = std::max(chunk.facts.run_started_at, started_at_);
      ServedRun& run = runs_.at(chunk.run);
      run.retries_until(chunk.facts.run_started_at + run.job().retry.deadline);
      const UtcTime stale_from = chunk.facts.request_stamped_at + sendable_for(chunk);
      start_exchange(std::move(chunk), asked_at + (stale_from - now));
    }
    co_return claimed->size();
  }

  /// The runs that something may be claimed of, each with its share.
  std::map<RunId, RunShare> shares_now() {
    std::map<RunId, RunShare> shares;
    if (is_tenant_halted_) return shares;
    const SteadyTime now = clock_.steady_now();
    for (auto& [id, run] : runs_) {
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
    for (auto& [id, run] : runs_) {
      const Result<void> learned = co_await stages_.learn(run);
      if (learned.has_error()) fail(learned.error());
    }
    auto read = [tenant = config_->tenant](Store& store) { return store.rate_order(tenant); };
    const Result<std::optional<RateOrder>> order = co_await store_.call(std::move(read));
    if (order.has_error()) {
      fail(order.error());
      co_return;
    }
    const bool is_in_force =
        *order && (*order)->until > clock_.utc_now() && !is_seeded(Mutation::rate_order_ignored);
    ordered_until_ = is_in_force ? std::optional{(*order)->until} : std::nullopt;
    gate_.slow_down_to(is_in_force ? (*order)->rate : 0);
    tell_pace();
  }

  /// Opens what may be opened; a run whose gate holds is halted by that.
  asio::awaitable<void> advance_stages() {
    next_stage_at_.reset();
    is_stage_awaited_ = false;
    for (auto& [id, run] : runs_) {
      if (run.is_past_deadline(clock_.utc_now())) co_await pause_late_run(run, late_reason);
      if (run.is_halted()) continue;
      const Result<StageKeeper::Advance> advance = co_await stages_.advance(run);
      if (advance.has_error()) {
        fail(advance.error());
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
    for (auto& [id, run] : runs_) {
      if (is_tenant_halted_ || run.is_halted()) continue;
      const bool is_known = co_await look_what_waits(run, claimed_at, may_hold_retries, waits);
      if (!is_known) co_return false;
    }
    report_.tell_whether_retries_are_held(waits.holds_retries);
    if (is_stage_awaited_ && !is_tenant_halted_) waits.is_open_ended = true;
    if (next_stage_at_) waits.at(*next_stage_at_);
    // What has settled since the claim may have left work behind: then claim once more before leaving.
    const bool has_more = waits.next_at || waits.next_claim_at || waits.holds_retries || waits.is_open_ended;
    if (!has_more && active_ == 0) co_return !was_idle;
    if (ordered_until_) waits.at(*ordered_until_);
    SteadyTime wake_at = waits.next_claim_at.value_or(SteadyTime::max());
    if (waits.next_at) wake_at = std::min(wake_at, clock_.steady_now() + (*waits.next_at - clock_.utc_now()));
    // As long as a retry is on its way to the gate, it is unknown what room it leaves; it rings when it
    // passes.
    if (waits.holds_retries && staged_retries_ == 0)
      wake_at = std::min(wake_at, gate_.room_for_retries_from());
    // The wall clock may be set meanwhile: what seemed to be an hour away can be due now.
    const SteadyTime look_again_at = clock_.steady_now() + wall_clock_trusted_for;
    co_await alarm_->sleep_until(std::min(wake_at, look_again_at));
    co_return true;
  }

  /// @return false: it could not be found out
  asio::awaitable<bool> look_what_waits(ServedRun& run, ClaimTime claimed_at, bool may_hold_retries,
                                        Waits& waits) {
    auto work = [id = run.id(), at = claimed_at.wall](Store& store) { return store.queue_state(id, at); };
    const Result<QueueState> queue = co_await store_.call(std::move(work));
    if (queue.has_error()) {
      fail(queue.error());
      co_return false;
    }
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
    halt(run.id(), Halt::run);
    auto work = [id = run.id(), reason = std::move(reason), now = clock_.utc_now()](Store& store) {
      return store.set_run_control({.run = id,
                                    .control = RunControl::paused,
                                    .cause = ControlCause::deadline,
                                    .reason = reason,
                                    .now = now});
    };
    const Result<void> paused = co_await store_.call(std::move(work));
    // Refused: somebody has canceled it meanwhile.
    if (paused.has_error() && paused.error().kind != ErrorKind::refused) fail(paused.error());
  }

  /// How long after its stamp a request may go out: the first send while the stamp is fresh, a replay for as
  /// long as the nonce is remembered.
  static std::chrono::seconds sendable_for(const ClaimedChunk& chunk) {
    return chunk.is_replay ? identical_replay_window : staged_for_max;
  }

  /// @param stale_from when it must not go out any more, whatever becomes of the wall clock
  void start_exchange(ClaimedChunk chunk, SteadyTime stale_from) {
    ++active_;
    ++staged_;
    if (is_retry(chunk)) ++staged_retries_;
    runs_.at(chunk.run).claimed();
    asio::co_spawn(loop_, exchange(std::move(chunk), stale_from), [this](std::exception_ptr problem) {
      --active_;
      if (problem)
        fail(Error{ErrorKind::unexpected, "an exchange ended by an exception: " + what(problem), ""});
      alarm_->ring();
    });
  }

  static bool is_retry(const ClaimedChunk& chunk) { return !chunk.is_replay && chunk.facts.number > 1; }

  /// A claimed chunk on its way.
  struct Flight {
    ClaimedChunk chunk;
    SteadyTime stale_from;
    int times_lost = 0;                  ///< how often the endpoint had been lost when it was claimed
    bool is_staged = true;               ///< has not passed the gate
    std::optional<PaceGate::Pass> pass;  ///< the gate's; absent: it may not go out, or not yet
    std::optional<UtcTime> sent_at;      ///< absent: not one byte went out
    bool is_announced = false;           ///< the observer knows of it
    bool is_on_the_wire = false;         ///< its run counts it there
  };

  /// One chunk from the gate to its recorded result.
  asio::awaitable<void> exchange(ClaimedChunk chunk, SteadyTime stale_from) {
    Flight flight{.chunk = std::move(chunk), .stale_from = stale_from, .times_lost = times_lost_};
    const HttpRequest request = request_for(*config_, flight.chunk, flight.chunk.intent);
    const bool is_same = request_digest(config_->endpoint, request) == flight.chunk.intent.digest;
    if (!is_same && !is_seeded(Mutation::replay_across_keys)) {
      // Only a replay can get here: another key, dialect or argument would be a new request under an old
      // nonce.
      leave_stage(flight);
      const Outcome changed = unrepeatable();
      co_await settle_by_rule(flight, changed);
      co_return;
    }
    if (!flight.chunk.is_replay && has_denied_device(flight.chunk)) {
      leave_stage(flight);
      const Outcome denied_by_us = denied();
      co_await settle_by_rule(flight, denied_by_us);
      co_return;
    }
    co_await wait_for_own_pace(flight);
    const Reply reply = co_await send(flight, request);
    leave_stage(flight);
    co_await settle_reply(flight, reply);
  }

  bool has_denied_device(const ClaimedChunk& chunk) const {
    if (!config_->is_denied || is_seeded(Mutation::denied_sent)) return false;
    const std::vector<std::string_view> devices = lines_of(chunk.names);
    return std::ranges::any_of(devices, config_->is_denied);
  }

  /// A run that is slower than its account has one chunk between claim and gate, which waits here.
  asio::awaitable<void> wait_for_own_pace(const Flight& flight) {
    const ServedRun& run = runs_.at(flight.chunk.run);
    if (!run.is_paced()) co_return;
    const std::unique_ptr<Alarm> alarm = clock_.alarm();
    pacing_.insert(alarm.get());
    const int devices = flight.chunk.facts.devices;
    while (may_send(flight) && clock_.steady_now() < run.paced_from(devices))
      co_await alarm->sleep_until(run.paced_from(devices));
    pacing_.erase(alarm.get());
  }

  asio::awaitable<Reply> send(Flight& flight, const HttpRequest& request) {
    const std::function<bool()> is_wanted = [this, &flight] { return may_send(flight); };
    const WireGate gate = [this, &flight, &is_wanted]() -> asio::awaitable<bool> {
      const ClaimedChunk& chunk = flight.chunk;
      if (flight.pass) {
        // The connection died behind the gate, and this is the next one.
        gate_.passed_in_vain(*flight.pass);
        flight.pass.reset();
        flight.sent_at.reset();
        land(flight);
      }
      // What has waited for its run's own pace does not queue up again behind what was claimed ahead.
      const auto place = runs_.at(chunk.run).is_paced() ? PaceGate::Place::first : PaceGate::Place::last;
      flight.pass = co_await gate_.enter(is_retry(chunk), is_wanted, place);
      if (!flight.pass) co_return false;
      leave_stage(flight);
      flight.sent_at = clock_.utc_now();
      runs_.at(chunk.run).sent(flight.pass->at, chunk.facts.devices);
      flight.is_on_the_wire = true;
      tell_pace();
      if (std::exchange(flight.is_announced, true)) co_return true;
      observer_.attempt_sent(
          {chunk.run, chunk.chunk, chunk.attempt, chunk.facts.devices, chunk.is_replay, is_retry(chunk)},
          flight.pass->at);
      co_return true;
    };
    const Connection connection = flight.chunk.is_replay ? Connection::fresh : Connection::any;
    Reply reply = co_await transport_.send(request, gate, connection);
    co_return reply;
  }

  void land(Flight& flight) {
    if (std::exchange(flight.is_on_the_wire, false))
      runs_.at(flight.chunk.run).landed(flight.chunk.facts.devices);
  }

  asio::awaitable<void> settle_reply(Flight& flight, const Reply& reply) {
    land(flight);
    if (const auto* failure = std::get_if<TransportFailure>(&reply)) {
      const Outcome outcome = classify(*failure);
      if (!failure->may_have_arrived) flight.sent_at.reset();
      if (failure->kind == FailureKind::stopped && !flight.pass) {
        ServedRun& run = runs_.at(flight.chunk.run);
        const Transition next = run.decide_unsent(flight.chunk, outcome, clock_.utc_now());
        halt(run.id(), next.halt);
        const bool is_recorded = co_await record(flight, outcome, next);
        if (is_recorded && flight.is_announced) tell_settled(flight, outcome, next, std::nullopt);
        co_return;
      }
      // Of an endpoint that our own machine had no means to ask, nothing is known.
      const bool is_ours = failure->kind == FailureKind::exhausted;
      if (!is_ours) heed(flight, outcome);
      if (is_ours && flight.pass) gate_.passed_in_vain(*flight.pass);
      co_await settle_by_rule(flight, outcome);
      co_return;
    }
    const auto& response = std::get<HttpResponse>(reply);
    const UtcTime now = clock_.utc_now();
    const auto rtt = clock_.steady_now() - flight.pass->at;
    const Outcome outcome = classify(config_->dialect, response, now);
    // Both clocks are asked, and the earlier instant counts: the one may be set, the other stands still while
    // the machine sleeps, and neither makes the clock wrong.
    const UtcTime sent_at =
        std::min(*flight.sent_at, now - std::chrono::ceil<std::chrono::microseconds>(rtt));
    const std::optional<std::string> wrong_clock = wrong_clock_reason(clock_offset(response, sent_at, now));
    heed(flight, outcome);
    if (wrong_clock) halt(flight.chunk.run, Halt::tenant);
    co_await settle_by_rule(flight, outcome, rtt);
    if (wrong_clock) co_await pause_for_clock(*wrong_clock);
  }

  /// The answer that told it is settled like any other: it is the requests to come that may be mistaken.
  asio::awaitable<void> pause_for_clock(std::string reason) {
    if (std::exchange(is_clock_reported_, true)) co_return;
    auto work = [tenant = config_->tenant, reason = std::move(reason), now = clock_.utc_now()](Store& store) {
      return store.set_tenant_pause(tenant, reason, now);
    };
    const Result<void> paused = co_await store_.call(std::move(work));
    if (paused.has_error()) fail(paused.error());
  }

  void leave_stage(Flight& flight) {
    if (!std::exchange(flight.is_staged, false)) return;
    --staged_;
    if (is_retry(flight.chunk)) --staged_retries_;
    runs_.at(flight.chunk.run).left_stage();
    alarm_->ring();
  }

  bool may_send(const Flight& flight) const {
    const ClaimedChunk& chunk = flight.chunk;
    if (is_stopping_ || is_tenant_halted_ || !may_send(runs_.at(chunk.run))) return false;
    // What was claimed before the endpoint was lost makes room for a probe that is chosen anew: a replay
    // rather than a chunk that was never sent, which silence would leave in doubt.
    if (flight.times_lost != times_lost_ && gate_.breaker().is_open()) return false;
    if (chunk.is_replay && is_seeded(Mutation::replay_any_time)) return true;
    // By both clocks: the one may be set back meanwhile, the other stands still while the machine sleeps.
    return clock_.steady_now() < flight.stale_from &&
           clock_.utc_now() < chunk.facts.request_stamped_at + sendable_for(chunk);
  }

  bool may_send(const ServedRun& run) const {
    const UtcTime now = clock_.utc_now();
    if (is_seeded(Mutation::hours_ignored_at_gate)) return !run.is_halted();
    if (is_seeded(Mutation::pause_forgotten_at_gate))
      return !run.is_past_deadline(now) && run.is_in_window(now);
    return run.may_send(now);
  }

  /// At once, before it is recorded: what pace, probes and pauses follow from the outcome.
  void heed(Flight& flight, const Outcome& outcome) {
    const bool is_untrusted = outcome.kind == OutcomeKind::blocked && outcome.http_status == 0;
    if (is_untrusted) {
      fail(Error{ErrorKind::unreachable, "the endpoint cannot be trusted: " + outcome.message,
                 "Nothing was sent to it. Check the endpoint's name, or name its authority with --ca-file."});
      return;
    }
    const bool was_lost = gate_.breaker().is_open();
    gate_.heed(flight.pass, outcome);
    const bool is_lost = gate_.breaker().is_open();
    flight.chunk.facts.endpoint_is_lost = is_lost;
    tell_pace();
    if (was_lost && !is_lost) observer_.endpoint_back();
    if (!was_lost && is_lost) {
      ++times_lost_;
      gate_.ask_again();
      observer_.endpoint_lost(outcome.message.empty() ? outcome.code : outcome.message);
    }
    if (is_lost && !gate_.breaker().was_ever_reached()) give_up(outcome);
  }

  void tell_pace() { report_.tell(gate_.rate(), gate_.others_use()); }

  void give_up(const Outcome& outcome) {
    fail(Error{ErrorKind::unreachable, "the endpoint was not reached in five tries: " + outcome.message,
               "Nothing was sent. Check the endpoint's name and the network, then resume the run."});
  }

  asio::awaitable<void> settle_by_rule(const Flight& flight, const Outcome& outcome,
                                       std::optional<std::chrono::nanoseconds> rtt = std::nullopt) {
    ServedRun& run = runs_.at(flight.chunk.run);
    const Transition next = run.decide(flight.chunk, outcome, clock_.utc_now(), randomness_.uniform());
    const bool is_late = is_seeded(Mutation::threshold_halts_late);
    if (!is_late) halt(run.id(), next.halt);
    const bool is_recorded = co_await record(flight, outcome, next);
    if (is_late) halt(run.id(), next.halt);
    if (is_recorded) tell_settled(flight, outcome, next, rtt);
  }

  void tell_settled(const Flight& flight, const Outcome& outcome, const Transition& next,
                    std::optional<std::chrono::nanoseconds> rtt) {
    const ClaimedChunk& chunk = flight.chunk;
    const AttemptSettled event{chunk.run, chunk.chunk, chunk.attempt, chunk.facts, outcome, next, rtt};
    observer_.attempt_settled(event, clock_.steady_now());
  }

  asio::awaitable<bool> record(const Flight& flight, const Outcome& outcome, const Transition& next) {
    const ClaimedChunk& chunk = flight.chunk;
    Settlement settlement{chunk.chunk, chunk.attempt, outcome, next, flight.sent_at, clock_.utc_now()};
    const Result<void> settled = co_await store_.settle(std::move(settlement));
    if (settled.has_error()) fail(settled.error());
    co_return settled.has_value();
  }

  /// At once, before it is recorded: what waits at the gate must not follow.
  void halt(RunId run, Halt halt) {
    if (halt == Halt::none) return;
    if (halt == Halt::tenant) {
      is_tenant_halted_ = true;
    } else {
      runs_.at(run).halt();
    }
    ask_all_again();
  }

  void ask_all_again() {
    gate_.ask_again();
    for (Alarm* alarm : pacing_) alarm->ring();
  }

  static Outcome denied() {
    return {.kind = OutcomeKind::rejected_devices,
            .code = std::string{denied_code},
            .message = "a device of the chunk is on the tenant's deny list, so it was not sent"};
  }

  static Outcome unrepeatable() {
    return {
        .kind = OutcomeKind::answered_unclear,
        .code = "request_changed",
        .message =
            "the request cannot be repeated byte for byte: another key, endpoint or dialect is in use now"};
  }

  void begin_nothing_new(const Error& disk_is_full) {
    if (!store_trouble_) store_trouble_ = disk_is_full;
    stop();
  }

  void fail(const Error& error) {
    if (!failure_) failure_ = error;
    stop();
  }

  static std::string what(const std::exception_ptr& problem) {
    try {
      std::rethrow_exception(problem);
    } catch (const std::exception& known) {
      return known.what();
    } catch (...) {
      return "of unknown kind";
    }
  }

  asio::any_io_executor loop_;
  Transport& transport_;
  Clock& clock_;
  Randomness& randomness_;
  Observer& observer_;
  const std::shared_ptr<const DispatcherConfig> config_;
  PaceGate gate_;
  PaceReport report_;
  PatientStore store_;
  StageKeeper stages_;
  const UtcTime started_at_ = clock_.utc_now();
  const std::unique_ptr<Alarm> alarm_;  ///< rung when room or work may have appeared

  std::size_t staged_ = 0;  ///< claimed, not yet through the gate
  int staged_retries_ = 0;  ///< of them, those that need the retry budget
  std::size_t active_ = 0;  ///< claimed, not yet settled
  int times_lost_ = 0;      ///< how often the endpoint was lost
  bool is_stopping_ = false;
  bool is_tenant_halted_ = false;
  bool is_clock_reported_ = false;
  bool must_look_ = true;                 ///< into what a person may have said to other programs
  std::optional<UtcTime> ordered_until_;  ///< until when a person's pace is in force
  bool is_stage_awaited_ = false;         ///< some run waits between two of its stages
  std::optional<UtcTime> next_stage_at_;  ///< when that may be over by itself
  std::map<RunId, ServedRun> runs_;
  FairShare shares_;
  std::set<Alarm*> pacing_;  ///< of chunks that wait for their run's own pace
  std::optional<Error> failure_;
  std::optional<Error> store_trouble_;  ///< it has passed, but it has stopped us
};

Dispatcher::Dispatcher(asio::any_io_executor loop, AsyncStore& store, Transport& transport, Clock& clock,
                       Randomness& randomness, Observer& observer, DispatcherConfig config)
    : impl_(std::make_unique<Impl>(std::move(loop), store, transport, clock, randomness, observer,
                                   std::move(config))) {}

Dispatcher::~Dispatcher() = default;

asio::awaitable<Result<void>> Dispatcher::run() { return impl_->run(); }

SteadyTime Dispatcher::quiet_until() const { return impl_->quiet_until(); }

void Dispatcher::pause(RunId run) { impl_->pause(run); }

void Dispatcher::unpause(RunId run) { impl_->unpause(run); }

void Dispatcher::look_again() { impl_->look_again(); }

void Dispatcher::stop() { impl_->stop(); }

}  // namespace sluice
