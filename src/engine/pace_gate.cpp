// SPDX-License-Identifier: MIT
#include "engine/pace_gate.hpp"

#include <algorithm>
#include <limits>

#include "sluice/core/mutation.hpp"

namespace sluice {
namespace asio = boost::asio;

asio::awaitable<std::optional<PaceGate::Pass>> PaceGate::enter(bool is_retry,
                                                               const std::function<bool()>& is_wanted,
                                                               Place place) {
  const std::unique_ptr<Alarm> alarm = clock_.alarm();
  place == Place::first ? queue_.push_front(alarm.get()) : queue_.push_back(alarm.get());
  bool may_pass = false;
  try {
    may_pass = co_await wait_for_turn(*alarm, is_wanted);
  } catch (...) {
    leave(alarm.get());
    throw;
  }
  leave(alarm.get());
  if (!may_pass || (is_retry && room_for_retries() <= 0)) co_return std::nullopt;
  const SteadyTime now = clock_.steady_now();
  const std::optional<Breaker::Probe> probe = breaker_.sent(now);
  retries_.sent(now, is_retry && !probe);
  last_sent_at_ = now;
  co_return Pass{pacer_.sent(now), now, probe};
}

asio::awaitable<bool> PaceGate::wait_for_turn(Alarm& alarm, const std::function<bool()>& is_wanted) {
  while (is_wanted()) {
    const bool is_first = queue_.front() == &alarm;
    if (is_first && opens_at() <= clock_.steady_now()) co_return true;
    co_await alarm.sleep_until(is_first ? opens_at() : SteadyTime::max());
  }
  co_return false;
}

// Not by a destructor: a coroutine may be destroyed with its loop, when the gate is gone.
void PaceGate::leave(const Alarm* alarm) {
  std::erase(queue_, alarm);
  if (!queue_.empty()) queue_.front()->ring();
}

void PaceGate::ask_again() {
  for (Alarm* alarm : queue_) alarm->ring();
}

SteadyTime PaceGate::opens_at() const {
  const SteadyTime paced = paced_from();
  return std::max(paced, breaker_.next_probe_at().value_or(paced));
}

// One send every 1/N s keeps any window of one second at N, rounded up, as the pacer's own spacing does.
SteadyTime PaceGate::paced_from() const {
  const SteadyTime paced = pacer_.next_send_at();
  if (ordered_rate_ == 0 || !last_sent_at_) return paced;
  const auto spacing =
      std::chrono::ceil<std::chrono::nanoseconds>(std::chrono::duration<double>(1 / ordered_rate_));
  return std::max(paced, *last_sent_at_ + spacing);
}

void PaceGate::slow_down_to(double requests_per_second) {
  ordered_rate_ = requests_per_second;
  ask_again();
}

void PaceGate::set_limit(double requests_per_second, double account_limit) {
  pacer_.set_limit(clock_.steady_now(), requests_per_second, account_limit);
  ask_again();
}

double PaceGate::rate() const {
  const double paced = pacer_.rate_at(clock_.steady_now());
  return ordered_rate_ == 0 ? paced : std::min(paced, ordered_rate_);
}

void PaceGate::heed(const std::optional<Pass>& pass, const Outcome& outcome) {
  const SteadyTime now = clock_.steady_now();
  const bool is_answered = pass && outcome.http_status != 0;
  if (is_answered) pacer_.answered(pass->send, now);
  if (is_answered && outcome.kind == OutcomeKind::throttled) {
    pacer_.throttled(pass->send, now, outcome.retry_after);
  } else if (outcome.retry_after && !is_seeded(Mutation::retry_after_ignored)) {
    // Whatever the reason, the server has asked this account to be silent.
    pacer_.pause_until(now + *outcome.retry_after);
  }
  const bool was_open = breaker_.is_open();
  breaker_.heard(sign_of(outcome), now, pass ? pass->probe : std::nullopt);
  // Who waits for the next probe has to wait longer now, or not at all.
  if (was_open || breaker_.is_open()) ask_again();
}

void PaceGate::passed_in_vain(const Pass& pass) {
  if (!pass.probe) return;
  breaker_.ended(*pass.probe);
  ask_again();
}

int PaceGate::room_for_retries() const {
  const bool is_boundless = breaker_.is_open() || is_seeded(Mutation::budget_ignored);
  return is_boundless ? std::numeric_limits<int>::max() : retries_.room(clock_.steady_now());
}

SteadyTime PaceGate::room_for_retries_from() const { return retries_.room_from(clock_.steady_now()); }

}  // namespace sluice
