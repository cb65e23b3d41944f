// SPDX-License-Identifier: MIT
#include "engine/pace_gate.hpp"

#include <algorithm>

namespace sluice {
namespace asio = boost::asio;

asio::awaitable<std::optional<PaceGate::Pass>> PaceGate::enter(const std::function<bool()>& is_wanted) {
  const std::unique_ptr<Alarm> alarm = clock_.alarm();
  queue_.push_back(alarm.get());
  const bool may_pass = co_await wait_for_turn(*alarm, is_wanted);
  std::optional<Pass> pass;
  if (may_pass) {
    const SteadyTime now = clock_.steady_now();
    breaker_.sent(now);
    pass = Pass{pacer_.sent(now), now};
  }
  leave(alarm.get());
  co_return pass;
}

asio::awaitable<bool> PaceGate::wait_for_turn(Alarm& alarm, const std::function<bool()>& is_wanted) {
  while (is_wanted()) {
    const bool is_first = queue_.front() == &alarm;
    if (is_first && opens_at() <= clock_.steady_now()) co_return true;
    co_await alarm.sleep_until(is_first ? opens_at() : SteadyTime::max());
  }
  co_return false;
}

void PaceGate::leave(const Alarm* alarm) {
  std::erase(queue_, alarm);
  if (!queue_.empty()) queue_.front()->ring();
}

void PaceGate::ask_again() {
  for (Alarm* alarm : queue_) alarm->ring();
}

SteadyTime PaceGate::opens_at() const {
  const SteadyTime paced = pacer_.next_send_at();
  return std::max(paced, breaker_.next_probe_at().value_or(paced));
}

void PaceGate::answered(const Pass& pass) {
  const bool was_open = breaker_.is_open();
  breaker_.answered();
  pacer_.answered(pass.send, clock_.steady_now());
  if (was_open) ask_again();
}

void PaceGate::throttled(const Pass& pass, std::optional<std::chrono::nanoseconds> hint) {
  pacer_.throttled(pass.send, clock_.steady_now(), hint);
}

void PaceGate::failed() { breaker_.failed(clock_.steady_now()); }

}  // namespace sluice
