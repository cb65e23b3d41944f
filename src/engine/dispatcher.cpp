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
#include "sluice/core/chunk_rules.hpp"
#include "sluice/core/kill_point.hpp"
#include "sluice/core/mutation.hpp"
#include "sluice/core/split_guard.hpp"
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
        alarm_(clock.alarm()) {}

  asio::awaitable<Result<void>> run() {
    try {
      co_await serve();
    } catch (const std::exception& problem) {
      fail(Error{ErrorKind::unexpected, std::string{"sending ended by an exception: "} + problem.what(), ""});
    }
    // Whatever happened, nobody who is on his way may outlive what he refers to.
    while (active_ > 0) {
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
    gate_.ask_again();
    alarm_->ring();
  }

 private:
  /// Until nothing is left to claim, or somebody says stop.
  asio::awaitable<void> serve() {
    while (!is_stopping_) {
      const std::size_t room = room_to_claim();
      const SteadyTime claim_from = claim_not_before();
      if (room == 0 || claim_from > clock_.steady_now()) {
        co_await alarm_->sleep_until(room == 0 ? SteadyTime::max() : claim_from);
        continue;
      }
      const UtcTime now = clock_.utc_now();
      const bool was_idle = active_ == 0;
      const auto retries_max = static_cast<std::size_t>(room_for_retries());
      const std::size_t claimed = co_await claim(room, retries_max, now);
      if (claimed == room) report_.tell_whether_retries_are_held(false);
      if (claimed == room || is_stopping_) continue;
      const bool may_hold_retries = retries_max < room && retries_max <= claimed;
      const bool more_to_come = co_await wait_until_due(now, was_idle && claimed == 0, may_hold_retries);
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
                         .runs = served_runs(),
                         .limit = static_cast<int>(room),
                         .retries_max = static_cast<int>(retries_max),
                         .now = now,
                         .make_intent = intent_maker(config_, fresh_nonces(room), clock_.utc_now())};
    if (request.runs.empty()) co_return 0;
    reach(KillPoint::claim_before);
    const SteadyTime asked_at = clock_.steady_now();
    auto work = [request = std::move(request)](Store& store) { return store.claim(request); };
    Result<std::vector<ClaimedChunk>> claimed = co_await store_.call(std::move(work));
    if (claimed.has_error()) {
      fail(claimed.error());
      co_return 0;
    }
    for (ClaimedChunk& chunk : *claimed) {
      reach(KillPoint::intent_durable);
      // A run that is resumed after its deadline has it once more: nobody had a chance to try meanwhile.
      chunk.facts.run_started_at = std::max(chunk.facts.run_started_at, started_at_);
      deadlines_[chunk.run] = chunk.facts.run_started_at + config_->runs.at(chunk.run).retry.deadline;
      const UtcTime stale_from = chunk.facts.request_stamped_at + sendable_for(chunk);
      start_exchange(std::move(chunk), asked_at + (stale_from - now));
    }
    co_return claimed->size();
  }

  std::vector<std::string> fresh_nonces(std::size_t count) {
    std::vector<std::string> nonces;
    for (std::size_t i = 0; i < count; ++i) nonces.push_back(randomness_.nonce());
    return nonces;
  }

  /// Sleeps until a chunk is due or something has settled. @param claimed_at when the last claim found no
  /// more @param may_hold_retries it took as many retries as the budget has room for, and could have taken
  /// more
  /// @return false: nothing is left to do
  asio::awaitable<bool> wait_until_due(UtcTime claimed_at, bool was_idle, bool may_hold_retries) {
    std::optional<UtcTime> next_due_at;
    std::optional<UtcTime> next_deadline;
    bool holds_retries = false;
    for (const RunId run : served_runs()) {
      auto work = [run, claimed_at](Store& store) { return store.queue_state(run, claimed_at); };
      const Result<QueueState> queue = co_await store_.call(std::move(work));
      if (queue.has_error()) {
        fail(queue.error());
        co_return false;
      }
      if (may_hold_retries && queue->retries_due_now > 0) {
        const std::optional<UtcTime> deadline = deadline_of(run);
        if (deadline && *deadline <= clock_.utc_now()) {
          co_await pause_late_run(run);
          continue;
        }
        holds_retries = true;
        if (deadline) next_deadline = std::min(*deadline, next_deadline.value_or(UtcTime::max()));
      }
      // Anything else that was due and yet not claimed is held back in the store: by a pause that somebody
      // else has set.
      if (queue->due_later_at)
        next_due_at = std::min(*queue->due_later_at, next_due_at.value_or(UtcTime::max()));
    }
    report_.tell_whether_retries_are_held(holds_retries);
    // What has settled since the claim may have left work behind: then claim once more before leaving.
    if (!next_due_at && !holds_retries && active_ == 0) co_return !was_idle;
    SteadyTime wake_at = SteadyTime::max();
    for (const std::optional<UtcTime>& time : {next_due_at, next_deadline}) {
      if (time) wake_at = std::min(wake_at, clock_.steady_now() + (*time - clock_.utc_now()));
    }
    // As long as a retry is on its way to the gate, it is unknown what room it leaves; it rings when it
    // passes.
    if (holds_retries && staged_retries_ == 0) wake_at = std::min(wake_at, gate_.room_for_retries_from());
    // The wall clock may be set meanwhile: what seemed to be an hour away can be due now.
    const SteadyTime look_again_at = clock_.steady_now() + wall_clock_trusted_for;
    co_await alarm_->sleep_until(std::min(wake_at, look_again_at));
    co_return true;
  }

  /// Absent: nothing of the run was claimed yet.
  std::optional<UtcTime> deadline_of(RunId run) const {
    const auto known = deadlines_.find(run);
    if (known == deadlines_.end()) return std::nullopt;
    return known->second;
  }

  /// Retries that the budget holds back are claimed by nobody, so no outcome would ever tell that they are
  /// late.
  asio::awaitable<void> pause_late_run(RunId run) {
    halt(run, Halt::run);
    auto work = [run, now = clock_.utc_now()](Store& store) {
      return store.set_run_control({.run = run,
                                    .control = RunControl::paused,
                                    .cause = ControlCause::deadline,
                                    .reason = reason_of_late_retries(),
                                    .now = now});
    };
    const Result<void> paused = co_await store_.call(std::move(work));
    if (paused.has_error()) fail(paused.error());
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
    const Reply reply = co_await send(flight, request);
    leave_stage(flight);
    co_await settle_reply(flight, reply);
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
      }
      flight.pass = co_await gate_.enter(is_retry(chunk), is_wanted);
      if (!flight.pass) co_return false;
      leave_stage(flight);
      flight.sent_at = clock_.utc_now();
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

  asio::awaitable<void> settle_reply(Flight& flight, const Reply& reply) {
    if (const auto* failure = std::get_if<TransportFailure>(&reply)) {
      const Outcome outcome = classify(*failure);
      if (!failure->may_have_arrived) flight.sent_at.reset();
      if (failure->kind == FailureKind::stopped && !flight.pass) {
        const Transition next = release(flight.chunk.facts, policy_of(flight.chunk.run), clock_.utc_now());
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
    alarm_->ring();
  }

  bool may_send(const Flight& flight) const {
    const ClaimedChunk& chunk = flight.chunk;
    if (is_stopping_ || is_tenant_halted_ || halted_runs_.contains(chunk.run)) return false;
    // What was claimed before the endpoint was lost makes room for a probe that is chosen anew: a replay
    // rather than a chunk that was never sent, which silence would leave in doubt.
    if (flight.times_lost != times_lost_ && gate_.breaker().is_open()) return false;
    if (chunk.is_replay && is_seeded(Mutation::replay_any_time)) return true;
    // By both clocks: the one may be set back meanwhile, the other stands still while the machine sleeps.
    return clock_.steady_now() < flight.stale_from &&
           clock_.utc_now() < chunk.facts.request_stamped_at + sendable_for(chunk);
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
    const Transition next = next_after(flight.chunk, outcome);
    halt(flight.chunk.run, next.halt);
    const bool is_recorded = co_await record(flight, outcome, next);
    if (is_recorded) tell_settled(flight, outcome, next, rtt);
  }

  void tell_settled(const Flight& flight, const Outcome& outcome, const Transition& next,
                    std::optional<std::chrono::nanoseconds> rtt) {
    const ClaimedChunk& chunk = flight.chunk;
    const AttemptSettled event{chunk.run, chunk.chunk, chunk.attempt, chunk.facts, outcome, next, rtt};
    observer_.attempt_settled(event, clock_.steady_now());
  }

  Transition next_after(const ClaimedChunk& chunk, const Outcome& outcome) {
    const UtcTime now = clock_.utc_now();
    SplitGuard& guard = split_guards_[chunk.run];
    guard.heed(chunk.facts, outcome);
    Transition next = sluice::settle(chunk.facts, outcome, policy_of(chunk.run), now, randomness_.uniform());
    const bool is_guarded = !config_->splits_unguarded.contains(chunk.run);
    if (next.state == ChunkState::split && is_guarded && guard.has_tripped()) {
      next = stop_splitting(outcome, now);
    }
    return next;
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
    if (halt == Halt::run) halted_runs_.insert(run);
    if (halt == Halt::tenant) is_tenant_halted_ = true;
    gate_.ask_again();
  }

  static Outcome unrepeatable() {
    return {
        .kind = OutcomeKind::answered_unclear,
        .code = "request_changed",
        .message =
            "the request cannot be repeated byte for byte: another key, endpoint or dialect is in use now"};
  }

  ChunkPolicy policy_of(RunId run) const { return sluice::policy_of(config_->runs.at(run)); }

  std::vector<RunId> served_runs() const {
    std::vector<RunId> runs;
    if (is_tenant_halted_) return runs;
    for (const auto& [run, job] : config_->runs) {
      if (!halted_runs_.contains(run)) runs.push_back(run);
    }
    return runs;
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
  const UtcTime started_at_ = clock_.utc_now();
  const std::unique_ptr<Alarm> alarm_;  ///< rung when room or work may have appeared

  std::size_t staged_ = 0;  ///< claimed, not yet through the gate
  int staged_retries_ = 0;  ///< of them, those that need the retry budget
  std::size_t active_ = 0;  ///< claimed, not yet settled
  int times_lost_ = 0;      ///< how often the endpoint was lost
  bool is_stopping_ = false;
  bool is_tenant_halted_ = false;
  bool is_clock_reported_ = false;
  std::set<RunId> halted_runs_;
  std::map<RunId, UtcTime> deadlines_;  ///< of the runs of which something was claimed
  std::map<RunId, SplitGuard> split_guards_;
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

void Dispatcher::stop() { impl_->stop(); }

}  // namespace sluice
