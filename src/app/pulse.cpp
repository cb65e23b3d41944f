// SPDX-License-Identifier: MIT
#include "app/pulse.hpp"

#include <utility>

namespace sluice {

Pulse::Pulse(Clock& clock, AsyncStore& store, std::function<void(std::chrono::nanoseconds)> loop_was_late,
             std::function<std::optional<std::int64_t>()> free_bytes)
    : clock_(clock),
      store_(store),
      loop_was_late_(std::move(loop_was_late)),
      free_bytes_(std::move(free_bytes)),
      loop_alarm_(clock.alarm()),
      database_alarm_(clock.alarm()),
      loop_at_(clock.steady_now()) {}

boost::asio::awaitable<void> Pulse::feel_loop() {
  while (!is_stopped_) {
    const SteadyTime due = clock_.steady_now() + interval;
    co_await loop_alarm_->sleep_until(due);
    loop_at_ = clock_.steady_now();
    if (!is_stopped_) loop_was_late_(loop_at_ - due);
  }
}

boost::asio::awaitable<void> Pulse::feel_database() {
  while (!is_stopped_) {
    // An empty transaction: it writes nothing, but it has its turn after everything that is waiting. Just so,
    // a disk that is full would not show by it.
    auto ask = [this](Store&) -> Result<std::optional<std::int64_t>> { return free_bytes_(); };
    const Result<std::optional<std::int64_t>> answered = co_await store_.call(std::move(ask));
    if (answered.has_value()) is_disk_full_ = *answered && **answered < free_bytes_min;
    // Whoever is told that another program holds the file was answered, and no restart would get it sooner.
    is_store_held_ = answered.has_error() && answered.error().kind == ErrorKind::storage_busy;
    if (answered.has_value() || is_store_held_) database_at_ = clock_.steady_now();
    if (is_stopped_) break;
    const SteadyTime next = clock_.steady_now() + interval;
    co_await database_alarm_->sleep_until(next);
  }
}

void Pulse::stop() {
  is_stopped_ = true;
  loop_alarm_->ring();
  database_alarm_->ring();
}

}  // namespace sluice
