// SPDX-License-Identifier: MIT
// One tenant in the daemon: its key, its connections and its dispatcher, and what becomes of all three when
// the configuration changes. Its trouble is its own: it is told, shown as the reason of a pause of the
// tenant, and tried again every minute and whenever something changes. Lives on the loop.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "app/background.hpp"
#include "app/config.hpp"
#include "app/found_work.hpp"
#include "app/live_tenants.hpp"
#include "app/log.hpp"
#include "app/metrics.hpp"
#include "app/prepared_tenant.hpp"
#include "app/session_ground.hpp"
#include "app/tenant_log.hpp"
#include "sluice/clock/clock.hpp"
#include "sluice/engine/dispatcher.hpp"
#include "sluice/store/async_store.hpp"

namespace sluice {

/// What all lanes of a daemon stand on. All of it outlives them.
struct LaneGround {
  boost::asio::any_io_executor loop;
  AsyncStore& store;
  const SessionGround& session;
  Background& reading;  ///< where files and the reader are used
  StoreReader& reader;
  Environment environment;
  Log& log;
  Metrics& metrics;
  LiveTenants& live;
  SteadyTime last_sent_before;  ///< whoever sent from this store before the daemon had stopped by then
  /// Whether an operator has braked the run, and that is not on record yet.
  std::function<bool(RunId)> is_braked;
  /// A trouble that is everybody's.
  std::function<void(const Error&)> fail;
  /// A run of the tenant is not served any more: it is over, or it waits for somebody.
  std::function<void(const std::string& tenant, RunId)> run_left;
  /// Which tenant serves which access key: the limit belongs to the account, so that no two may.
  std::map<std::string, std::string> key_holders = {};
};

class TenantLane : public std::enable_shared_from_this<TenantLane> {
 public:
  TenantLane(std::string tenant, std::shared_ptr<const Config> config, LaneGround& ground);

  /// Serves the tenant; completes after end(), when the last answer is recorded.
  boost::asio::awaitable<void> run();

  /// The configuration from now on; key and deny list are read anew, even if nothing of it has changed.
  void configure(std::shared_ptr<const Config> config);
  /// Something may have been submitted.
  void look_for_work();
  /// The tenant's pause is over on record.
  void go_on();
  /// No further send.
  void end();

  // As the dispatcher's.
  void pause(RunId run);
  void unpause(RunId run);
  void look_again();

  const std::string& tenant() const { return tenant_; }
  std::set<RunId> served() const;
  /// Why nothing can be sent; empty: it can.
  const std::string& trouble() const { return trouble_; }

 private:
  boost::asio::awaitable<Result<PreparedTenant>> prepare();
  boost::asio::awaitable<Result<FoundWork>> find();
  boost::asio::awaitable<Result<bool>> is_paused_by_daemon();
  boost::asio::awaitable<void> serve_once();
  boost::asio::awaitable<Result<void>> serve(const PreparedTenant& prepared);
  boost::asio::awaitable<void> look();
  boost::asio::awaitable<void> apply_configuration();
  boost::asio::awaitable<void> take_up(FoundRun found);
  boost::asio::awaitable<void> set_pause(std::string why);
  boost::asio::awaitable<void> suffer(const Error& error);
  std::optional<Error> take_key(const std::string& key);
  void leave_key();
  DispatcherConfig dispatcher_config(const PreparedTenant& prepared, SteadyTime not_before) const;

  const std::string tenant_;
  std::shared_ptr<const Config> config_;
  LaneGround& ground_;
  TenantLog observer_;
  const std::unique_ptr<Alarm> alarm_;
  std::optional<PreparedTenant> prepared_;  ///< as it is served now
  Dispatcher* dispatcher_ = nullptr;        ///< null: nothing is being served
  std::set<RunId> served_;                  ///< told to the dispatcher, and not known to have left it
  std::string key_;                         ///< that this lane holds; empty: none
  std::string trouble_;
  std::string told_trouble_;
  bool is_key_warned_of_ = false;
  SteadyTime quiet_until_;
  SteadyTime last_sent_before_;
  bool is_ending_ = false;
  bool is_looking_ = false;
  bool must_look_ = false;
  bool is_applying_ = false;
  bool must_apply_ = false;
  bool must_try_ = false;  ///< something has changed: a trouble may be over
};

}  // namespace sluice
