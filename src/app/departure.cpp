// SPDX-License-Identifier: MIT
#include "app/departure.hpp"

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <utility>

#include "app/exit_codes.hpp"

namespace sluice {
namespace asio = boost::asio;
namespace {

using namespace std::chrono_literals;

constexpr auto log_reserve = 100ms;

/// A backup or an examination that is under way on its thread cannot be told to stop, and nothing depends on
/// it.
void leave_unless_stopped(const std::stop_token& stopping, const DepartureOptions& options, int exit_code) {
  std::mutex mutex;
  std::condition_variable_any waiting;
  std::unique_lock lock{mutex};
  waiting.wait_for(lock, stopping, options.tidying_time, [] { return false; });
  if (!stopping.stop_requested()) options.leave(exit_code);
}

}  // namespace

Departure::Departure(Clock& clock, Log& log, DepartureOptions options)
    : clock_(clock), log_(log), options_(std::move(options)), alarm_(clock.alarm()) {}

asio::awaitable<void> Departure::leave_after(std::chrono::nanoseconds patience) {
  const SteadyTime leave_at = clock_.steady_now() + patience;
  while (!is_over_ && clock_.steady_now() < leave_at) co_await alarm_->sleep_until(leave_at);
  if (is_over_) co_return;
  log_.error("daemon_left_late", {{"hint", "What was in flight is taken over by the next start."}});
  // By the log's own thread, which leaving does not wait for.
  const SteadyTime written_at = clock_.steady_now() + log_reserve;
  while (clock_.steady_now() < written_at) co_await alarm_->sleep_until(written_at);
  options_.leave(exit_code_of(ErrorKind::unexpected));
}

void Departure::over(int exit_code) {
  is_over_ = true;
  last_resort_ = std::jthread{[this, exit_code](const std::stop_token& stopping) {
    leave_unless_stopped(stopping, options_, exit_code);
  }};
  alarm_->ring();
}

}  // namespace sluice
