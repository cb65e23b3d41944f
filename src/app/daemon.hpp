// SPDX-License-Identifier: MIT
// The daemon: owns the store and serves every tenant of the configuration, each in a lane of its own, until
// it is told to end. Others in this process hand it work through look_for_work() and on_worker(). Lives on
// the loop.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "app/background.hpp"
#include "app/config.hpp"
#include "app/control_desk.hpp"
#include "app/control_server.hpp"
#include "app/daemon_notes.hpp"
#include "app/departure.hpp"
#include "app/device_lists.hpp"
#include "app/health.hpp"
#include "app/job_folder.hpp"
#include "app/left_runs.hpp"
#include "app/lent_store.hpp"
#include "app/live_route.hpp"
#include "app/live_tenants.hpp"
#include "app/log.hpp"
#include "app/metrics.hpp"
#include "app/options.hpp"
#include "app/pulse.hpp"
#include "app/record_api.hpp"
#include "app/regular_prune.hpp"
#include "app/scheduled_runs.hpp"
#include "app/service_notice.hpp"
#include "app/session_ground.hpp"
#include "app/slow_routes.hpp"
#include "app/tenant_lane.hpp"
#include "sluice/store/async_store.hpp"

namespace sluice {

/// The store that the daemon owns, and readers of the same one, each for one thread.
struct DaemonStores {
  std::unique_ptr<Store> store;
  std::unique_ptr<StoreReader> for_worker;
  std::unique_ptr<StoreReader> for_lanes;
  std::string file;
  std::int64_t recovered_chunks = 0;  ///< that a dead process had left in flight
};

class Daemon final : public SteeredRuns {
 public:
  /// @param common says which configuration is read anew by SIGHUP @param ground outlives the daemon
  Daemon(DaemonStores stores, Config config, CommonOptions common, Environment environment,
         const SessionGround& ground);
  ~Daemon() override;

  /// Serves until SIGTERM or SIGINT; what is on its way then may finish. A second signal leaves at once.
  /// Fails: `storage_lost` and `unexpected`, after which nothing was sent any more.
  Result<void> run();

  /// Something may have been submitted for the tenant, or resumed.
  void look_for_work(const std::string& tenant);
  /// Runs work(Store&) on a thread of its own, one after the other; what is recorded meanwhile for others
  /// gets its turn in between. For blocking code, as long as it may be: a submit, a retry.
  template <class Work>
  boost::asio::awaitable<std::invoke_result_t<Work, Store&>> on_worker(Work work) {
    auto lent_work = [this, work = std::move(work)]() mutable { return work(lent_); };
    co_return co_await worker_.call(std::move(lent_work));
  }
  /// For what is short.
  AsyncStore& store() { return store_; }
  /// As it is now; never null.
  std::shared_ptr<const Config> config() const { return config_; }
  Log& log() { return log_; }
  Metrics& metrics() { return metrics_; }
  /// As an operator's command would. Fails as that does.
  boost::asio::awaitable<Result<void>> cancel(RunId run, std::string reason);
  /// Those that came over the API and were kept long enough.
  boost::asio::awaitable<void> forget_device_lists();
  /// Reads the configuration anew; one that is invalid changes nothing.
  void reload();
  /// No further send; run() returns when the last answer is recorded.
  void end();

  std::vector<RunId> steered_runs() const override;
  bool takes_up(RunId) const override { return true; }
  bool is_ending() const override { return is_ending_; }
  void brake(RunId run) override;
  void send_again(const ControlDone& resumed) override;
  void look_again() override;
  void ended_unsent(const RunRecord& run) override;
  void all_recorded() override;

 private:
  struct Served {
    std::shared_ptr<TenantLane> lane;
    bool is_leaving = false;
  };
  struct Renewed {
    Config config;
    ApiAccess access;
  };

  void listen();
  std::vector<Route> routes();
  Vitals vitals() const;
  LiveReadings live_readings() const;
  void run_left(const std::string& tenant, RunId run);
  void serve_configured_tenants();
  void serve_tenant(const std::string& tenant);
  void lane_done(const std::string& tenant);
  void watch_signals();
  void signal_came(int signal);
  boost::asio::awaitable<void> reload_in_turn();
  void refuse(const Error& error);
  void put_in_force(Renewed renewed);
  boost::asio::awaitable<void> tell_of_strangers();
  boost::asio::awaitable<void> tell_manager();
  std::chrono::nanoseconds longest_exchange() const;
  std::string tenants_text() const;
  std::string status_text() const;
  void fail(const Error& error);
  void end_if_done();

  const UtcTime started_at_;
  Departure departure_;  ///< ended last of all
  const CommonOptions common_;
  const Environment environment_;
  const SessionGround& ground_;
  DaemonStores stores_;
  boost::asio::io_context& loop_;
  Clock& clock_;
  Log log_;
  Metrics metrics_;
  LiveTenants live_;
  AsyncStore store_;
  DaemonNotes notes_;
  Pulse pulse_;
  LentStore lent_;
  Background worker_;
  Background reading_;
  ServiceNotice notice_;
  std::shared_ptr<const Config> config_;
  const std::shared_ptr<const Config> began_with_;
  LaneGround lane_ground_;
  std::map<std::string, Served> lanes_;
  std::set<RunId> braked_;  ///< and not on record yet
  LeftRuns left_runs_;
  ControlDesk desk_;
  DeviceLists device_lists_;
  SlowRoutes slow_routes_;             ///< outlives the server
  std::unique_ptr<RecordApi> record_;  ///< outlives the server
  ControlServer server_;
  ScheduledRuns schedules_;
  JobFolder job_folder_;
  RegularPrune regular_prune_;
  boost::asio::signal_set signals_;
  std::unique_ptr<Alarm> manager_alarm_;
  std::optional<Error> failure_;
  std::string refused_configuration_;  ///< why the newest one is not in force; empty: it is
  std::string waiting_settings_;  ///< those that the newest one changes, and only a restart puts in force
  bool is_reloading_ = false;
  bool must_reload_ = false;
  bool is_ending_ = false;
};

}  // namespace sluice
