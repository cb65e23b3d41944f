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
#include <deque>
#include <exception>
#include <limits>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "app/control_desk.hpp"
#include "app/control_server.hpp"
#include "app/progress_printer.hpp"
#include "app/run_observers.hpp"
#include "app/say.hpp"
#include "app/watched_deny_list.hpp"
#include "sluice/core/run_rules.hpp"
#include "sluice/core/silence.hpp"
#include "sluice/core/split_guard.hpp"
#include "sluice/engine/dispatcher.hpp"
#include "sluice/engine/run_control.hpp"
#include "sluice/jobfile/device_name.hpp"
#include "sluice/store/async_store.hpp"

namespace sluice {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr auto tick_interval = 250ms;

/// Runs of one account. It has one limit, so one dispatcher at a time sends for it: a group of runs that go
/// to the same place.
struct Account {
  std::deque<std::vector<RunId>> waiting;
  bool is_served = false;
  SteadyTime last_sent_before;
  SteadyTime quiet_until;
  double slowest = std::numeric_limits<double>::max();
};

/// A run of this session, and where it stands.
struct SteeredRun {
  SessionRun run;
  Account* account = nullptr;
  Dispatcher* dispatcher = nullptr;  ///< null: it is not being sent
  ProgressPrinter* printer = nullptr;
  bool is_waiting = true;         ///< for its turn in the account
  bool is_braked = false;         ///< an operator has said so
  bool is_told_to_go_on = false;  ///< while it was being sent
};

/// A dispatcher at work: ticked, braked and stopped by the session for as long as this lives.
class AtWork {
 public:
  AtWork(SteeredRun& run, Dispatcher& dispatcher, ProgressPrinter& printer) : run_(run) {
    run_.dispatcher = &dispatcher;
    run_.printer = &printer;
  }
  AtWork(const AtWork&) = delete;
  AtWork& operator=(const AtWork&) = delete;
  ~AtWork() {
    run_.dispatcher = nullptr;
    run_.printer = nullptr;
  }

 private:
  SteeredRun& run_;
};

/// Whether one dispatcher can send both.
bool go_together(const SessionRun& a, const SessionRun& b) {
  return a.record.tenant == b.record.tenant && a.setup.endpoint == b.setup.endpoint &&
         a.setup.https.ca_file == b.setup.https.ca_file;
}

class Session final : public SteeredRuns {
 public:
  /// @param ground outlives the session
  Session(Store& store, const CommonOptions& options, const SessionGround& ground)
      : options_(options),
        ground_(ground),
        loop_(*ground.loop),
        clock_(*ground.clock),
        store_(store, loop_.get_executor(), ground.database),
        signals_(loop_),
        ticker_(loop_),
        desk_(loop_.get_executor(), store_, clock_, *this),
        server_(loop_.get_executor(), clock_, desk_),
        last_sent_before_(clock_.steady_now() - store.silent_for().value_or(0ns)) {}

  SessionEnd run(const std::vector<SessionRun>& runs, const std::string& store_file) {
    for (const SessionRun& run : runs) {
      // By key, not by the tenant's name: the limit belongs to the account, and two names may stand for one.
      Account& account = accounts_[run.credentials.access_key_id];
      account.last_sent_before = last_sent_before_;
      runs_.emplace(run.record.id, SteeredRun{.run = run, .account = &account});
      const auto together =
          std::ranges::find_if(account.waiting, [this, &run](const std::vector<RunId>& group) {
            return go_together(runs_.at(group.front()).run, run);
          });
      together == account.waiting.end() ? account.waiting.push_back({run.record.id})
                                        : together->push_back(run.record.id);
    }
    if (ground_.heeds_signals) {
      for (const int signal : {SIGINT, SIGTERM, SIGHUP}) signals_.add(signal);
      watch_signals();
    }
    if (ground_.is_watched) asio::co_spawn(loop_, tick(), [](std::exception_ptr) {});
    if (ground_.is_watched && !store_file.empty()) listen(store_file);
    for (auto& [key, account] : accounts_) serve(account);
    ground_.run_loop();
    if (!is_over_) fail(Error{ErrorKind::unexpected, "sending waits for something that never comes", ""});
    return end_;
  }

  std::vector<RunId> steered_runs() const override {
    std::vector<RunId> ids;
    for (const auto& [id, run] : runs_) ids.push_back(id);
    return ids;
  }

  bool is_ending() const override { return end_.signal || is_ending_ || is_over_; }

  void brake(RunId id) override {
    const auto found = runs_.find(id);
    if (found == runs_.end() || std::exchange(found->second.is_braked, true)) return;
    if (found->second.dispatcher != nullptr) found->second.dispatcher->pause(id);
  }

  void send_again(const ControlDone& resumed) override {
    SteeredRun& run = runs_.at(resumed.run.id);
    run.is_braked = false;
    run.run.record = resumed.run;
    if (run.dispatcher != nullptr) {
      run.is_told_to_go_on = true;
      return run.dispatcher->unpause(resumed.run.id);
    }
    send_in_its_turn(run);
  }

  void look_again() override {
    for (const auto& [id, run] : runs_) {
      if (run.dispatcher != nullptr) run.dispatcher->look_again();
    }
  }

  void all_recorded() override { end_if_done(); }

 private:
  void listen(const std::string& store_file) {
    const Result<void> listening = server_.open(store_file);
    if (listening.has_error() && !options_.is_quiet) {
      say(fmt::format("warning: {}\n  {}\n", printable(listening.error().message, 4096),
                      listening.error().hint));
    }
  }

  void send_in_its_turn(SteeredRun& run) {
    if (std::exchange(run.is_waiting, true)) return;
    run.account->waiting.push_back({run.run.record.id});
    serve(*run.account);
  }

  void serve(Account& account) {
    if (std::exchange(account.is_served, true)) return;
    asio::co_spawn(loop_, send_in_turn(account),
                   [this, &account](std::exception_ptr problem) { account_done(account, problem); });
  }

  asio::awaitable<void> send_in_turn(Account& account) {
    while (!account.waiting.empty() && !is_ending()) {
      const std::vector<SteeredRun*> group = take_next(account);
      if (group.empty()) continue;
      SteadyTime not_before = account.quiet_until;
      for (const SteeredRun* run : group) {
        account.slowest = std::min(account.slowest, run->run.setup.rate);
        const UtcTime silent_until = run->run.record.tenant_silent_until;
        not_before = std::max(not_before, clock_.steady_now() + silence_left(silent_until, clock_.utc_now()));
      }
      not_before = std::max(not_before, account.last_sent_before + silence_needed(account.slowest));
      account.quiet_until = co_await send(group, not_before);
      account.last_sent_before = clock_.steady_now();
      for (SteeredRun* run : group) co_await send_rest(*run);
    }
  }

  /// Those of the next group that nobody has braked meanwhile.
  std::vector<SteeredRun*> take_next(Account& account) {
    std::vector<SteeredRun*> group;
    for (const RunId id : account.waiting.front()) {
      SteeredRun& run = runs_.at(id);
      run.is_waiting = false;
      if (!run.is_braked) group.push_back(&run);
    }
    account.waiting.pop_front();
    return group;
  }

  /// @return before when the account's next run must not send
  asio::awaitable<SteadyTime> send(const std::vector<SteeredRun*>& group, SteadyTime not_before) {
    const TenantSetup& setup = group.front()->run.setup;
    Result<std::unique_ptr<Transport>> transport = ground_.open_transport(setup);
    if (transport.has_error()) {
      fail(transport.error());
      co_return not_before;
    }
    std::deque<ProgressPrinter> printers;
    RunObservers observers;
    for (const SteeredRun* run : group) {
      printers.emplace_back(progress_start(run->run), progress_mode(group.size()), options_.is_verbose);
      observers.add(run->run.record.id, printers.back());
    }
    Dispatcher dispatcher{loop_.get_executor(),
                          store_,
                          **transport,
                          clock_,
                          *ground_.randomness,
                          observers,
                          dispatcher_config(group, not_before)};
    std::deque<AtWork> at_work;
    for (std::size_t i = 0; i < group.size(); ++i) at_work.emplace_back(*group[i], dispatcher, printers[i]);
    const Result<void> done = co_await dispatcher.run();
    (*transport)->close();
    for (std::size_t i = 0; i < group.size(); ++i) {
      printers[i].finish(clock_.steady_now());
      const ProgressView view = printers[i].view(clock_.steady_now());
      end_.others_use[group[i]->run.record.id] = view.others;
      SessionEnd::Again& again = end_.again[group[i]->run.record.id];
      again.retries += view.retries;
      again.replays += view.replays;
    }
    if (done.has_error()) fail(done.error());
    co_return dispatcher.quiet_until();
  }

  /// A word to go on may come when the dispatcher has just made up its mind that nothing is left.
  asio::awaitable<void> send_rest(SteeredRun& run) {
    if (!std::exchange(run.is_told_to_go_on, false) || run.is_braked || is_ending()) co_return;
    auto look = [id = run.run.record.id](Store& store) { return known_run(store, id); };
    const Result<RunRecord> now = co_await store_.call(std::move(look));
    if (now.has_error()) co_return;
    const RunStatus status = status_of(*now);
    if (status != RunStatus::running && status != RunStatus::pending) co_return;
    run.run.record = *now;
    send_in_its_turn(run);
  }

  DispatcherConfig dispatcher_config(const std::vector<SteeredRun*>& group, SteadyTime not_before) const {
    const SessionRun& first = group.front()->run;
    DispatcherConfig config{.tenant = first.record.tenant,
                            .endpoint = to_string(first.setup.endpoint),
                            .dialect = first.setup.dialect,
                            .credentials = first.credentials,
                            .requests_per_second = 0,
                            .in_flight_max = static_cast<std::size_t>(first.setup.in_flight),
                            .not_before = not_before};
    // Of one tenant, so they have one list.
    if (!first.setup.deny_file.empty()) {
      const auto list =
          std::make_shared<WatchedDenyList>(first.setup.deny_file, first.denied, say_of_deny_list);
      config.is_denied = [list](std::string_view device) { return list->denies(device); };
    }
    if (ground_.open_checks) config.checks = ground_.open_checks(first.setup, say_of_check);
    for (const SteeredRun* steered : group) {
      const SessionRun& run = steered->run;
      config.runs.emplace(run.record.id, run.job);
      if (splits_unguarded(run.record)) config.splits_unguarded.insert(run.record.id);
      config.requests_per_second = std::max(config.requests_per_second, run.setup.rate);
      config.account_limit = std::max(config.account_limit, run.setup.account_rate);
    }
    for (const SteeredRun* steered : group) {
      const SessionRun& run = steered->run;
      if (run.setup.rate < config.requests_per_second) config.own_rates[run.record.id] = run.setup.rate;
    }
    return config;
  }

  /// Requests a second, as far as the devices a minute allow them.
  static double rate_of(const SessionRun& run) {
    if (!run.job.devices_per_minute) return run.setup.rate;
    return std::min(run.setup.rate,
                    *run.job.devices_per_minute / 60 / static_cast<double>(run.job.chunk_size));
  }

  ProgressStart progress_start(const SessionRun& run) const {
    return {.run = run.record.id,
            .job_name = run.record.job_name,
            .tenant = run.record.tenant,
            .devices = run.record.devices,
            .chunks = run.record.chunks,
            .rate = rate_of(run),
            .account_limit = run.setup.account_rate,
            .in_flight_max = run.setup.in_flight,
            .at = clock_.steady_now()};
  }

  /// Blocks of several runs would be drawn over each other.
  ProgressMode progress_mode(std::size_t runs) const {
    const bool is_silent = options_.is_quiet || !ground_.is_watched;
    if (is_silent && options_.progress == ProgressMode::automatic) return ProgressMode::none;
    const bool is_block = options_.progress == ProgressMode::automatic;
    return runs > 1 && is_block ? ProgressMode::plain : options_.progress;
  }

  void watch_signals() {
    signals_.async_wait([this](boost::system::error_code problem, int signal) {
      if (problem || is_over_) return;
      // A second signal means: now. What is in flight is recovered by the next process, as after a kill.
      if (end_.signal) ::_exit(128 + signal);
      end_.signal = signal;
      say("\nStopping: waiting for the requests that are on their way. Once more to leave at once.\n");
      stop_all();
      watch_signals();
    });
  }

  void stop_all() {
    desk_.stop_waiting();
    for (const auto& [id, run] : runs_) {
      if (run.dispatcher != nullptr) run.dispatcher->stop();
    }
  }

  asio::awaitable<void> tick() {
    while (!is_over_) {
      for (const auto& [id, run] : runs_) {
        if (run.printer != nullptr) run.printer->tick(clock_.steady_now());
      }
      ticker_.expires_after(tick_interval);
      boost::system::error_code canceled_at_the_end;
      co_await ticker_.async_wait(asio::redirect_error(asio::use_awaitable, canceled_at_the_end));
    }
  }

  void account_done(Account& account, const std::exception_ptr& problem) {
    account.is_served = false;
    if (problem) fail(Error{ErrorKind::unexpected, "sending ended by an exception", ""});
    // A run that was told to go on while its last answers came in.
    if (!account.waiting.empty() && !is_ending()) return serve(account);
    end_if_done();
  }

  /// Not before every command is on record: a pause that stopped the last run must outlive this process.
  void end_if_done() {
    const bool is_sending =
        std::ranges::any_of(accounts_, [](const auto& account) { return account.second.is_served; });
    if (is_sending || !desk_.is_idle() || std::exchange(is_over_, true)) return;
    server_.close();
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
    stop_all();
  }

  const CommonOptions& options_;
  const SessionGround& ground_;
  asio::io_context& loop_;
  Clock& clock_;
  AsyncStore store_;
  asio::signal_set signals_;
  asio::steady_timer ticker_;
  ControlDesk desk_;
  ControlServer server_;
  SteadyTime last_sent_before_;              ///< whoever sent from this store before us had stopped by then
  std::map<std::string, Account> accounts_;  ///< by access key
  std::map<RunId, SteeredRun> runs_;
  SessionEnd end_;
  bool is_ending_ = false;  ///< nothing new is begun
  bool is_over_ = false;    ///< nothing is left to do
};

}  // namespace

Result<void> check_transport(const TenantSetup& setup) {
  asio::io_context loop{1};
  const Result<std::unique_ptr<Transport>> transport =
      open_https_transport(loop.get_executor(), setup.endpoint, setup.https);
  if (transport.has_error()) return transport.error();
  return {};
}

SessionEnd send_runs(Store& store, const std::string& store_file, const std::vector<SessionRun>& runs,
                     const CommonOptions& options, const SessionGround& ground) {
  Session session{store, options, ground};
  return session.run(runs, store_file);
}

}  // namespace sluice
