// SPDX-License-Identifier: MIT
#include "app/regular_prune.hpp"

#include <chrono>
#include <utility>

#include "app/daemon.hpp"
#include "app/prune_report.hpp"
#include "http_api/idempotency.hpp"
#include "sluice/engine/prune.hpp"
#include "sluice/store/keyed_requests.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;

constexpr auto regular_interval = 1h;
// Submits wait on the same thread: what is not done by then is gone on with a little later.
constexpr auto turn_max = 2s;
constexpr auto turn_interval = 10s;
constexpr std::int64_t requests_at_once = 500;

struct PruneTurn {
  PruneReport report;
  bool is_cut = false;  ///< its time was over before everything was done
};

Result<PruneTurn> take_turn(Store& store, const KeepRules& rules, Clock& clock) {
  PruneTurn turn;
  const SteadyTime end_at = clock.steady_now() + turn_max;
  const UtcTime now = clock.utc_now();
  Result<PruneReport> report = prune(store, rules, now, [&] {
    turn.is_cut = clock.steady_now() >= end_at;
    return !turn.is_cut;
  });
  if (report.has_error()) return report.error();
  turn.report = std::move(*report);
  // The audit only grows: what goes by age every hour is no news there.
  if (turn.report.rows == turn.report.runless_rows) return turn;
  const Result<void> noted = store.audit_log().append({.at = now,
                                                       .actor = "policy",
                                                       .origin = "daemon",
                                                       .action = "runs_pruned",
                                                       .after = prune_sum(turn.report)});
  if (noted.has_error()) return noted.error();
  return turn;
}

}  // namespace

RegularPrune::RegularPrune(Daemon& daemon, Clock& clock)
    : daemon_(daemon), clock_(clock), alarm_(clock.alarm()) {}

boost::asio::awaitable<void> RegularPrune::run() {
  while (!is_stopped_) {
    const bool is_cut = co_await prune_once();
    co_await forget_requests();
    if (!is_stopped_) co_await daemon_.forget_device_lists();
    const SteadyTime next_at =
        clock_.steady_now() + (is_cut ? std::chrono::nanoseconds{turn_interval} : regular_interval);
    while (!is_stopped_ && clock_.steady_now() < next_at) co_await alarm_->sleep_until(next_at);
  }
}

/// @return whether there is more to do
boost::asio::awaitable<bool> RegularPrune::prune_once() {
  auto work = [&clock = clock_, rules = daemon_.config()->keep](Store& store) {
    return take_turn(store, rules, clock);
  };
  const Result<PruneTurn> turn = co_await daemon_.on_worker(std::move(work));
  // An end of the process in the middle is no failure: the next one goes on.
  if (is_stopped_) co_return false;
  if (turn.has_error()) {
    daemon_.log().error("prune_failed", {{"error", turn.error().message}, {"hint", turn.error().hint}});
    co_return false;
  }
  if (turn->report.rows > 0) {
    daemon_.metrics().rows_pruned("all", turn->report.rows);
    daemon_.log().info("runs_pruned", {{"runs", turn->report.runs.size()}, {"rows", turn->report.rows}});
  }
  co_return turn->is_cut;
}

boost::asio::awaitable<void> RegularPrune::forget_requests() {
  std::int64_t forgotten = requests_at_once;
  while (forgotten == requests_at_once && !is_stopped_) {
    auto forget = [before = clock_.utc_now() - keys_kept_for](Store& store) {
      return store.keyed_requests().forget_requests(before, requests_at_once);
    };
    const Result<std::int64_t> done = co_await daemon_.store().call(std::move(forget));
    forgotten = done.has_value() ? *done : 0;
  }
}

void RegularPrune::stop() {
  is_stopped_ = true;
  alarm_->ring();
}

}  // namespace sluice
