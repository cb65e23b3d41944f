// SPDX-License-Identifier: MIT
#include "app/session.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <cstdio>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "app/progress_printer.hpp"
#include "app/say.hpp"
#include "sluice/core/silence.hpp"
#include "sluice/core/split_guard.hpp"
#include "sluice/engine/dispatcher.hpp"
#include "sluice/store/async_store.hpp"

namespace sluice {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr auto tick_interval = 250ms;

using Printers = std::map<Dispatcher*, ProgressPrinter*>;

/// A dispatcher at work: ticked and stopped by the session for as long as this lives.
class Watched {
 public:
  Watched(Printers& printers, Dispatcher& dispatcher, ProgressPrinter& printer)
      : printers_(printers), dispatcher_(&dispatcher) {
    printers_[dispatcher_] = &printer;
  }
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;
  ~Watched() { printers_.erase(dispatcher_); }

 private:
  Printers& printers_;
  Dispatcher* dispatcher_;
};

class Session {
 public:
  /// @param ground outlives the session
  Session(Store& store, const CommonOptions& options, const SessionGround& ground)
      : options_(options),
        ground_(ground),
        loop_(*ground.loop),
        clock_(*ground.clock),
        store_(store, loop_.get_executor(), ground.database),
        signals_(loop_, SIGINT, SIGTERM, SIGHUP),
        ticker_(loop_),
        last_sent_before_(clock_.steady_now() - store.silent_for().value_or(0ns)) {}

  SessionEnd run(const std::vector<SessionRun>& runs) {
    // By key, not by the tenant's name: the limit belongs to the account, and two names may stand for one.
    std::map<std::string, std::vector<const SessionRun*>> by_account;
    for (const SessionRun& run : runs) by_account[run.credentials.access_key_id].push_back(&run);
    accounts_left_ = by_account.size();
    watch_signals();
    if (ground_.is_watched) asio::co_spawn(loop_, tick(), [](std::exception_ptr) {});
    for (const auto& [key, of_account] : by_account) {
      asio::co_spawn(loop_, send_in_turn(of_account),
                     [this](std::exception_ptr problem) { account_done(problem); });
    }
    ground_.run_loop();
    if (accounts_left_ > 0)
      fail(Error{ErrorKind::unexpected, "sending waits for something that never comes", ""});
    return end_;
  }

 private:
  asio::awaitable<void> send_in_turn(std::vector<const SessionRun*> runs) {
    SteadyTime last_sent_before = last_sent_before_;
    SteadyTime quiet_until;
    double slowest = std::numeric_limits<double>::max();
    for (const SessionRun* run : runs) {
      if (end_.signal || is_ending_) break;
      slowest = std::min(slowest, run->setup.rate);
      const SteadyTime not_before =
          std::max({quiet_until, last_sent_before + silence_needed(slowest),
                    clock_.steady_now() + silence_left(run->record.tenant_silent_until, clock_.utc_now())});
      quiet_until = co_await send(*run, not_before);
      last_sent_before = clock_.steady_now();
    }
  }

  /// @return before when the account's next run must not send
  asio::awaitable<SteadyTime> send(const SessionRun& run, SteadyTime not_before) {
    Result<std::unique_ptr<Transport>> transport = ground_.open_transport(run.setup);
    if (transport.has_error()) {
      fail(transport.error());
      co_return not_before;
    }
    ProgressPrinter printer{progress_start(run), progress_mode(), options_.is_verbose};
    Dispatcher dispatcher{loop_.get_executor(),
                          store_,
                          **transport,
                          clock_,
                          *ground_.randomness,
                          printer,
                          dispatcher_config(run, not_before)};
    const Watched watched{printers_, dispatcher, printer};
    const Result<void> done = co_await dispatcher.run();
    (*transport)->close();
    printer.finish(clock_.steady_now());
    end_.others_use[run.record.id] = printer.view(clock_.steady_now()).others;
    if (done.has_error()) fail(done.error());
    co_return dispatcher.quiet_until();
  }

  static DispatcherConfig dispatcher_config(const SessionRun& run, SteadyTime not_before) {
    std::set<RunId> unguarded;
    if (splits_unguarded(run.record)) unguarded.insert(run.record.id);
    return {.tenant = run.record.tenant,
            .runs = {{run.record.id, run.job}},
            .splits_unguarded = std::move(unguarded),
            .endpoint = to_string(run.setup.endpoint),
            .dialect = run.setup.dialect,
            .credentials = run.credentials,
            .requests_per_second = run.setup.rate,
            .account_limit = run.setup.account_rate,
            .in_flight_max = static_cast<std::size_t>(run.setup.in_flight),
            .not_before = not_before};
  }

  ProgressStart progress_start(const SessionRun& run) const {
    return {.run = run.record.id,
            .job_name = run.record.job_name,
            .tenant = run.record.tenant,
            .devices = run.record.devices,
            .chunks = run.record.chunks,
            .rate = run.setup.rate,
            .account_limit = run.setup.account_rate,
            .in_flight_max = run.setup.in_flight,
            .at = clock_.steady_now()};
  }

  ProgressMode progress_mode() const {
    const bool is_silent = options_.is_quiet || !ground_.is_watched;
    if (is_silent && options_.progress == ProgressMode::automatic) return ProgressMode::none;
    return options_.progress;
  }

  void watch_signals() {
    signals_.async_wait([this](boost::system::error_code problem, int signal) {
      if (problem || accounts_left_ == 0) return;
      // A second signal means: now. What is in flight is recovered by the next process, as after a kill.
      if (end_.signal) ::_exit(128 + signal);
      end_.signal = signal;
      say("\nStopping: waiting for the requests that are on their way. Once more to leave at once.\n");
      for (const auto& [dispatcher, printer] : printers_) dispatcher->stop();
      watch_signals();
    });
  }

  asio::awaitable<void> tick() {
    while (accounts_left_ > 0) {
      for (const auto& [dispatcher, printer] : printers_) printer->tick(clock_.steady_now());
      ticker_.expires_after(tick_interval);
      boost::system::error_code canceled_at_the_end;
      co_await ticker_.async_wait(asio::redirect_error(asio::use_awaitable, canceled_at_the_end));
    }
  }

  void account_done(const std::exception_ptr& problem) {
    if (problem) fail(Error{ErrorKind::unexpected, "sending ended by an exception", ""});
    if (--accounts_left_ > 0) return;
    signals_.cancel();
    ticker_.cancel();
  }

  void fail(const Error& error) {
    if (!end_.failure) end_.failure = error;
    // An endpoint that is not there, or a key that does not fit, is one run's trouble; a store is
    // everybody's.
    const bool concerns_all = error.kind == ErrorKind::storage || error.kind == ErrorKind::storage_lost ||
                              error.kind == ErrorKind::unexpected;
    if (!concerns_all) return;
    is_ending_ = true;
    for (const auto& [dispatcher, printer] : printers_) dispatcher->stop();
  }

  const CommonOptions& options_;
  const SessionGround& ground_;
  asio::io_context& loop_;
  Clock& clock_;
  AsyncStore store_;
  asio::signal_set signals_;
  asio::steady_timer ticker_;
  SteadyTime last_sent_before_;  ///< whoever sent from this store before us had stopped by then
  Printers printers_;
  std::size_t accounts_left_ = 0;
  SessionEnd end_;
  bool is_ending_ = false;  ///< nothing new is begun
};

}  // namespace

Result<void> check_transport(const TenantSetup& setup) {
  asio::io_context loop{1};
  const Result<std::unique_ptr<Transport>> transport =
      open_https_transport(loop.get_executor(), setup.endpoint, setup.https);
  if (transport.has_error()) return transport.error();
  return {};
}

SessionEnd send_runs(Store& store, const std::vector<SessionRun>& runs, const CommonOptions& options,
                     const SessionGround& ground) {
  Session session{store, options, ground};
  return session.run(runs);
}

}  // namespace sluice
