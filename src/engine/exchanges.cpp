// SPDX-License-Identifier: MIT
#include "engine/exchanges.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <utility>
#include <vector>

#include "engine/run_requests.hpp"
#include "sluice/core/chunk_rules.hpp"
#include "sluice/core/mutation.hpp"
#include "sluice/dialect/server_clock.hpp"

namespace sluice {
namespace asio = boost::asio;
namespace {

using namespace std::chrono_literals;

// A request claimed this long ago carries a stale timestamp: it is put back and claimed afresh.
constexpr auto staged_for_max = 60s;

bool is_retry(const ClaimedChunk& chunk) { return !chunk.is_replay && chunk.facts.number > 1; }

/// How long after its stamp a request may go out: the first send while the stamp is fresh, a replay for as
/// long as the nonce is remembered.
std::chrono::seconds sendable_for(const ClaimedChunk& chunk) {
  return chunk.is_replay ? identical_replay_window : staged_for_max;
}

Outcome denied() {
  return {.kind = OutcomeKind::rejected_devices,
          .code = std::string{denied_code},
          .message = "a device of the chunk is on the tenant's deny list, so it was not sent"};
}

Outcome unrepeatable() {
  return {.kind = OutcomeKind::answered_unclear,
          .code = "request_changed",
          .message =
              "the request cannot be repeated byte for byte: another key, endpoint or dialect is in use now"};
}

std::string what(const std::exception_ptr& problem) {
  try {
    std::rethrow_exception(problem);
  } catch (const std::exception& known) {
    return known.what();
  } catch (...) {
    return "of unknown kind";
  }
}

}  // namespace

Exchanges::Exchanges(asio::any_io_executor loop, AsyncStore& store, Transport& transport, Clock& clock,
                     Randomness& randomness, Observer& observer,
                     std::shared_ptr<const DispatcherConfig> config, std::function<void()> wake)
    : loop_(std::move(loop)),
      transport_(transport),
      clock_(clock),
      randomness_(randomness),
      observer_(observer),
      config_(std::move(config)),
      gate_(clock, Pacer{config_->requests_per_second, config_->not_before, config_->account_limit}),
      report_(observer, config_->requests_per_second),
      store_(store, clock, report_, [this](const Error& full) { begin_nothing_new(full); }),
      wake_(std::move(wake)) {}

ServedRun& Exchanges::add(RunToServe run) {
  const RunId id = run.id;
  return runs_.try_emplace(id, std::move(run), config_->requests_per_second, clock_.utc_now()).first->second;
}

void Exchanges::reconfigure(std::shared_ptr<const DispatcherConfig> config) {
  const SteadyTime now = clock_.steady_now();
  gate_.set_limit(config->requests_per_second, config->account_limit);
  report_.limit_is(config->requests_per_second);
  for (auto& [id, run] : runs_) run.account_rate_is(config->requests_per_second);
  const bool is_signed_anew =
      config->credentials != config_->credentials || config->dialect != config_->dialect;
  if (is_signed_anew) {
    ++times_signed_anew_;
    former_.push_front({config_, now});
  }
  while (!former_.empty() && former_.back().replaced_at + identical_replay_window < now) former_.pop_back();
  config_ = std::move(config);
  tell_pace();
  ask_all_again();
}

void Exchanges::start(ClaimedChunk chunk, UtcTime claimed_at, SteadyTime claimed_at_steady) {
  ++active_;
  ++staged_;
  if (is_retry(chunk)) ++staged_retries_;
  runs_.at(chunk.run).claimed();
  // It must not go out any more after that, whatever becomes of the wall clock.
  const UtcTime stale_from = chunk.facts.request_stamped_at + sendable_for(chunk);
  const SteadyTime stale_from_steady = claimed_at_steady + (stale_from - claimed_at);
  const RunId run = chunk.run;
  asio::co_spawn(
      loop_, exchange(std::move(chunk), stale_from_steady), [this, run](std::exception_ptr problem) {
        --active_;
        runs_.at(run).ended();
        if (problem)
          fail(Error{ErrorKind::unexpected, "an exchange ended by an exception: " + what(problem), ""});
        wake_();
      });
}

/// One chunk from the gate to its recorded result.
asio::awaitable<void> Exchanges::exchange(ClaimedChunk chunk, SteadyTime stale_from) {
  Flight flight{.chunk = std::move(chunk),
                .stale_from = stale_from,
                .times_lost = times_lost_,
                .times_signed_anew = times_signed_anew_};
  const std::optional<HttpRequest> request = request_on_record(flight.chunk);
  if (!request) {
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
  const Reply reply = co_await send(flight, *request);
  leave_stage(flight);
  co_await settle_reply(flight, reply);
}

/// With what is in use now, or was until lately. Absent: neither makes the request that is on record.
std::optional<HttpRequest> Exchanges::request_on_record(const ClaimedChunk& chunk) const {
  const Job& job = runs_.at(chunk.run).job();
  const auto made_with = [&](const DispatcherConfig& config) -> std::optional<HttpRequest> {
    HttpRequest request = request_for(config, job, chunk, chunk.intent);
    const bool is_same = request_digest(config.endpoint, request) == chunk.intent.digest;
    if (is_same || is_seeded(Mutation::replay_across_keys)) return request;
    return std::nullopt;
  };
  std::optional<HttpRequest> request = made_with(*config_);
  for (auto former = former_.begin(); !request && former != former_.end(); ++former)
    request = made_with(*former->config);
  return request;
}

bool Exchanges::has_denied_device(const ClaimedChunk& chunk) const {
  if (!config_->is_denied || is_seeded(Mutation::denied_sent)) return false;
  const std::vector<std::string_view> devices = lines_of(chunk.names);
  return std::ranges::any_of(devices, config_->is_denied);
}

/// A run that is slower than its account has one chunk between claim and gate, which waits here.
asio::awaitable<void> Exchanges::wait_for_own_pace(const Flight& flight) {
  const ServedRun& run = runs_.at(flight.chunk.run);
  if (!run.is_paced()) co_return;
  const std::unique_ptr<Alarm> alarm = clock_.alarm();
  pacing_.insert(alarm.get());
  while (may_send(flight) && clock_.steady_now() < run.paced_from())
    co_await alarm->sleep_until(run.paced_from());
  pacing_.erase(alarm.get());
}

asio::awaitable<Reply> Exchanges::send(Flight& flight, const HttpRequest& request) {
  const std::function<bool()> is_wanted = [this, &flight] { return may_send(flight); };
  const WireGate gate = [this, &flight, &is_wanted] { return pass_gate(flight, is_wanted); };
  const ConnectionChoice connection =
      flight.chunk.is_replay ? ConnectionChoice::fresh : ConnectionChoice::any;
  Reply reply = co_await transport_.send(request, gate, connection);
  co_return reply;
}

asio::awaitable<bool> Exchanges::pass_gate(Flight& flight, const std::function<bool()>& is_wanted) {
  const ClaimedChunk& chunk = flight.chunk;
  ServedRun& run = runs_.at(chunk.run);
  if (flight.pass) {
    // The connection died behind the gate, and this is the next one.
    gate_.passed_in_vain(*flight.pass);
    flight.pass.reset();
    flight.sent_at.reset();
    land(flight);
  }
  // What has waited for its run's own pace does not queue up again behind what was claimed ahead.
  const auto place = run.is_paced() ? PaceGate::Place::first : PaceGate::Place::last;
  flight.pass = co_await gate_.enter(is_retry(chunk), is_wanted, place);
  if (!flight.pass) co_return false;
  leave_stage(flight);
  flight.sent_at = clock_.utc_now();
  run.sent(flight.pass->at, *flight.sent_at, chunk.facts.devices);
  flight.is_on_the_wire = true;
  tell_pace();
  if (std::exchange(flight.is_announced, true)) co_return true;
  observer_.attempt_sent(
      {chunk.run, chunk.chunk, chunk.attempt, chunk.facts.devices, chunk.is_replay, is_retry(chunk)},
      flight.pass->at);
  co_return true;
}

void Exchanges::land(Flight& flight) {
  if (std::exchange(flight.is_on_the_wire, false))
    runs_.at(flight.chunk.run).landed(flight.chunk.facts.devices);
}

asio::awaitable<void> Exchanges::settle_reply(Flight& flight, const Reply& reply) {
  land(flight);
  if (const auto* failure = std::get_if<TransportFailure>(&reply)) {
    co_await settle_failure(flight, *failure);
    co_return;
  }
  const auto& response = std::get<HttpResponse>(reply);
  const UtcTime now = clock_.utc_now();
  const auto rtt = clock_.steady_now() - flight.pass->at;
  const Outcome outcome = classify(config_->dialect, response, now);
  // Both clocks are asked, and the earlier instant counts: the one may be set, the other stands still while
  // the machine sleeps, and neither makes the clock wrong.
  const UtcTime sent_at = std::min(*flight.sent_at, now - std::chrono::ceil<std::chrono::microseconds>(rtt));
  const std::optional<std::string> wrong_clock = wrong_clock_reason(clock_offset(response, sent_at, now));
  heed(flight, outcome);
  if (wrong_clock) halt(flight.chunk.run, Halt::tenant);
  co_await settle_by_rule(flight, outcome, rtt);
  if (wrong_clock) co_await pause_for_clock(*wrong_clock);
}

asio::awaitable<void> Exchanges::settle_failure(Flight& flight, const TransportFailure& failure) {
  const Outcome outcome = classify(failure);
  if (!failure.may_have_arrived) flight.sent_at.reset();
  if (failure.kind == FailureKind::stopped && !flight.pass) {
    ServedRun& run = runs_.at(flight.chunk.run);
    Transition next = release(flight.chunk.facts, run.policy(), clock_.utc_now());
    // A repetition that comes too late leaves its chunk in doubt, which counts like any other doubt.
    next = run.judged(flight.chunk, outcome, std::move(next));
    halt(run.id(), next.halt);
    const bool is_recorded = co_await record(flight, outcome, next);
    // What goes back into the queue as if it had not been claimed is no news; that a chunk is in doubt is.
    if (is_recorded && (flight.is_announced || is_final(next.state)))
      tell_settled(flight, outcome, next, std::nullopt);
    co_return;
  }
  // Of an endpoint that our own machine had no means to ask, nothing is known.
  const bool is_ours = failure.kind == FailureKind::exhausted;
  if (!is_ours) heed(flight, outcome);
  if (is_ours && flight.pass) gate_.passed_in_vain(*flight.pass);
  co_await settle_by_rule(flight, outcome);
}

/// The answer that told it is settled like any other: it is the requests to come that may be mistaken.
asio::awaitable<void> Exchanges::pause_for_clock(std::string reason) {
  if (std::exchange(is_clock_reported_, true)) co_return;
  auto work = [tenant = config_->tenant, reason = std::move(reason), now = clock_.utc_now()](Store& store) {
    return store.set_tenant_pause(tenant, reason, now);
  };
  const Result<void> paused = co_await store_.call(std::move(work));
  if (paused.has_error()) fail(paused.error());
}

void Exchanges::leave_stage(Flight& flight) {
  if (!std::exchange(flight.is_staged, false)) return;
  --staged_;
  if (is_retry(flight.chunk)) --staged_retries_;
  runs_.at(flight.chunk.run).left_stage();
  wake_();
}

bool Exchanges::may_send(const ServedRun& run) const {
  const UtcTime now = clock_.utc_now();
  if (is_seeded(Mutation::hours_ignored_at_gate)) return !run.is_halted();
  if (is_seeded(Mutation::pause_forgotten_at_gate))
    return !run.is_past_deadline(now) && run.is_in_window(now);
  return run.may_send(now);
}

bool Exchanges::may_send(const Flight& flight) const {
  const ClaimedChunk& chunk = flight.chunk;
  if (is_stopping_ || is_tenant_halted_ || !may_send(runs_.at(chunk.run))) return false;
  // What was claimed before the endpoint was lost makes room for a probe that is chosen anew: a replay
  // rather than a chunk that was never sent, which silence would leave in doubt.
  if (flight.times_lost != times_lost_ && gate_.breaker().is_open()) return false;
  if (chunk.is_replay && is_seeded(Mutation::replay_any_time)) return true;
  // Its key may be withdrawn by now, and nothing of it has gone out.
  if (!chunk.is_replay && flight.times_signed_anew != times_signed_anew_) return false;
  // By both clocks: the one may be set back meanwhile, the other stands still while the machine sleeps.
  return clock_.steady_now() < flight.stale_from &&
         clock_.utc_now() < chunk.facts.request_stamped_at + sendable_for(chunk);
}

/// At once, before it is recorded: what pace, probes and pauses follow from the outcome.
void Exchanges::heed(Flight& flight, const Outcome& outcome) {
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
  if (is_lost && !gate_.breaker().was_ever_reached() && !config_->stays) give_up(outcome);
}

void Exchanges::give_up(const Outcome& outcome) {
  fail(Error{ErrorKind::unreachable, "the endpoint was not reached in five tries: " + outcome.message,
             "Nothing was sent. Check the endpoint's name and the network, then resume the run."});
}

asio::awaitable<void> Exchanges::settle_by_rule(const Flight& flight, const Outcome& outcome, Rtt rtt) {
  ServedRun& run = runs_.at(flight.chunk.run);
  const Transition next = run.decide(flight.chunk, outcome, clock_.utc_now(), randomness_.uniform());
  const bool is_late = is_seeded(Mutation::threshold_halts_late);
  if (!is_late) halt(run.id(), next.halt);
  const bool is_recorded = co_await record(flight, outcome, next);
  if (is_late) halt(run.id(), next.halt);
  if (is_recorded) tell_settled(flight, outcome, next, rtt);
}

void Exchanges::tell_settled(const Flight& flight, const Outcome& outcome, const Transition& next, Rtt rtt) {
  const ClaimedChunk& chunk = flight.chunk;
  const AttemptSettled event{chunk.run, chunk.chunk, chunk.attempt, chunk.facts, outcome, next, rtt};
  observer_.attempt_settled(event, clock_.steady_now());
}

asio::awaitable<bool> Exchanges::record(const Flight& flight, const Outcome& outcome,
                                        const Transition& next) {
  const ClaimedChunk& chunk = flight.chunk;
  Settlement settlement{chunk.chunk, chunk.attempt, outcome, next, flight.sent_at, clock_.utc_now()};
  const Result<void> settled = co_await store_.settle(std::move(settlement));
  if (settled.has_error()) fail(settled.error());
  co_return settled.has_value();
}

void Exchanges::halt(RunId run, Halt halt) {
  if (halt == Halt::none) return;
  if (halt == Halt::tenant) {
    is_tenant_halted_ = true;
  } else {
    runs_.at(run).halt();
  }
  ask_all_again();
}

void Exchanges::lift_tenant_halt() {
  is_tenant_halted_ = false;
  is_clock_reported_ = false;
}

void Exchanges::ask_all_again() {
  gate_.ask_again();
  for (Alarm* alarm : pacing_) alarm->ring();
}

void Exchanges::stop() {
  is_stopping_ = true;
  store_.stop();
  ask_all_again();
  wake_();
}

void Exchanges::begin_nothing_new(const Error& disk_is_full) {
  if (!store_trouble_) store_trouble_ = disk_is_full;
  stop();
}

void Exchanges::fail(const Error& error) {
  if (!failure_) failure_ = error;
  stop();
}

}  // namespace sluice
