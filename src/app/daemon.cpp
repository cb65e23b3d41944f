// SPDX-License-Identifier: MIT
#include "app/daemon.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <chrono>
#include <csignal>
#include <exception>
#include <iterator>

#include "app/api_doors.hpp"
#include "app/daemon_pause.hpp"
#include "app/display_text.hpp"
#include "app/exit_codes.hpp"
#include "app/found_work.hpp"
#include "app/free_bytes.hpp"
#include "app/keep_routes.hpp"
#include "app/keyed_routes.hpp"
#include "app/schedule_routes.hpp"
#include "app/start_settings.hpp"
#include "app/watch_routes.hpp"
#include "app/work_routes.hpp"
#include "http_api/dashboard.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace asio = boost::asio;
namespace {

using namespace std::chrono_literals;

constexpr auto status_interval = 5s;
constexpr auto drain_reserve = 1s;

void ignore(const std::exception_ptr&) {}

}  // namespace

Daemon::Daemon(DaemonStores stores, Config config, CommonOptions common, Environment environment,
               const SessionGround& ground)
    : started_at_(ground.clock->utc_now()),
      departure_(*ground.clock, log_),
      common_(std::move(common)),
      environment_(std::move(environment)),
      ground_(ground),
      stores_(std::move(stores)),
      loop_(*ground.loop),
      clock_(*ground.clock),
      log_(clock_, config.log),
      metrics_(SLUICE_VERSION),
      live_(clock_),
      store_(*stores_.store, loop_.get_executor(), ground.database),
      notes_({loop_.get_executor(), store_, clock_, log_, metrics_}),
      pulse_(
          clock_, store_, [this](std::chrono::nanoseconds delay) { metrics_.loop_was_late(delay); },
          [file = stores_.file] { return free_bytes_at(file); }),
      lent_(*stores_.store, ground.database, *stores_.for_worker),
      worker_(loop_.get_executor()),
      reading_(loop_.get_executor()),
      notice_(environment_),
      config_(std::make_shared<const Config>(std::move(config))),
      began_with_(config_),
      lane_ground_{.loop = loop_.get_executor(),
                   .store = store_,
                   .session = ground_,
                   .reading = reading_,
                   .reader = *stores_.for_lanes,
                   .environment = environment_,
                   .log = log_,
                   .metrics = metrics_,
                   .live = live_,
                   .last_sent_before = clock_.steady_now() - stores_.store->silent_for().value_or(0ns),
                   .is_braked = [this](RunId run) { return braked_.contains(run); },
                   .fail = [this](const Error& error) { fail(error); },
                   .run_left = [this](const std::string& tenant, RunId run) { run_left(tenant, run); }},
      left_runs_({.loop = loop_.get_executor(),
                  .reading = reading_,
                  .reader = *stores_.for_lanes,
                  .log = log_,
                  .metrics = metrics_,
                  // A tick may have waited for its end.
                  .ended = [this] { schedules_.wake(); }}),
      desk_(loop_.get_executor(), store_, clock_, *this),
      device_lists_(stores_.file + ".lists"),
      slow_routes_({.loop = loop_.get_executor(),
                    .store = store_,
                    .store_file = stores_.file,
                    .common = common_,
                    .environment = environment_,
                    .find_list = [this](std::string_view id) { return device_lists_.find(id); }}),
      server_(loop_.get_executor(), clock_, desk_),
      schedules_(loop_.get_executor(), *this, clock_, environment_),
      job_folder_(loop_.get_executor(), *this, reading_, clock_, environment_, [this] { schedules_.wake(); }),
      regular_prune_(*this, clock_),
      signals_(loop_, SIGINT, SIGTERM, SIGHUP),
      manager_alarm_(clock_.alarm()) {}

Daemon::~Daemon() = default;

Result<void> Daemon::run() {
  stores_.store->audit_log().set_source({"daemon"});
  store_.tell_batches(
      [this](const StoreBatch& batch) { metrics_.batch_committed(batch.busy, batch.commit); });
  watch_signals();
  slow_routes_.remove_left_copies();
  listen();
  log_.info("daemon_started", {{"process", ::getpid()},
                               {"store", stores_.file},
                               {"configuration", config_->file},
                               {"tenants", config_->tenants.size()}});
  notes_.event("daemon_started",
               fmt::format("process {}, version {}, {}", ::getpid(), SLUICE_VERSION, tenants_text()));
  if (stores_.recovered_chunks > 0)
    log_.info("chunks_recovered",
              {{"chunks", stores_.recovered_chunks}, {"left_in_flight_by", "an earlier process"}});
  if (config_->tenants.empty())
    log_.warning("no_tenant", {{"hint", "The configuration names no tenant, so nothing is sent."}});
  serve_configured_tenants();
  asio::co_spawn(loop_, tell_of_strangers(), ignore);
  asio::co_spawn(loop_, tell_manager(), ignore);
  asio::co_spawn(loop_, pulse_.feel_loop(), ignore);
  asio::co_spawn(loop_, pulse_.feel_database(), ignore);
  asio::co_spawn(loop_, regular_prune_.run(), ignore);
  asio::co_spawn(loop_, schedules_.run(), ignore);
  asio::co_spawn(loop_, job_folder_.run(), ignore);
  if (!is_ending_) notice_.ready();
  ground_.run_loop();
  log_.info("daemon_ended", {{"process", ::getpid()}});
  if (failure_) return *failure_;
  return {};
}

void Daemon::listen() {
  const Result<void> listening =
      server_.open(stores_.file, {.routes = with_keys(routes(), *this, clock_),
                                  .tell = [this](const ApiIncident& incident) { notes_.incident(incident); },
                                  .uploads_folder = device_lists_.folder(),
                                  .limits = {.upload_bytes_max = config_->api.upload_bytes_max}});
  if (listening.has_error()) {
    log_.error("control_socket_refused",
               {{"error", listening.error().message}, {"hint", listening.error().hint}});
    return;
  }
  const Result<void> opened = server_.open_doors(config_->api);
  // Who asked for a door and has none would find out by a rollout that he cannot stop.
  if (opened.has_error()) fail(opened.error());
}

/// One that was braked leaves before the record says what for.
void Daemon::run_left(const std::string& tenant, RunId run) {
  if (braked_.contains(run)) return left_runs_.tell_when_recorded(tenant, run);
  left_runs_.tell(tenant, run);
}

void Daemon::ended_unsent(const RunRecord& run) { left_runs_.tell(run.tenant, run.id); }

/// The store is open, and was recovered, before there is a daemon.
Vitals Daemon::vitals() const {
  return {.loop_at = pulse_.loop_at(),
          .database_at = pulse_.database_at(),
          .is_store_open = true,
          .is_recovered = true,
          .is_store_held = pulse_.is_store_held(),
          .is_disk_full = pulse_.is_disk_full(),
          .is_configuration_valid = refused_configuration_.empty(),
          .is_draining = is_ending_};
}

LiveReadings Daemon::live_readings() const {
  LiveReadings readings{
      .vitals = vitals(), .started_at = started_at_, .has_unconfirmed_stop = !braked_.empty(), .lanes = {}};
  for (const auto& [tenant, settings] : config_->tenants) {
    LiveLane lane{.tenant = tenant,
                  .rate_limit = settings.rate - settings.leave_to_others,
                  .serving = {},
                  .trouble = {},
                  .sending = live_.find(tenant)};
    if (const auto found = lanes_.find(tenant); found != lanes_.end()) {
      lane.serving = found->second.lane->served();
      lane.trouble = found->second.lane->trouble();
    }
    readings.lanes.push_back(std::move(lane));
  }
  return readings;
}

/// What the API shows of the record, and what makes work; the desk's commands are the server's own.
std::vector<Route> Daemon::routes() {
  const FindDeviceList find_list = [this](std::string_view id) { return device_lists_.find(id); };
  std::vector<Route> routes = work_routes(*this, environment_, find_list);
  std::ranges::move(schedule_routes(*this, schedules_), std::back_inserter(routes));
  std::ranges::move(device_lists_.routes(), std::back_inserter(routes));
  std::ranges::move(slow_routes_.routes(), std::back_inserter(routes));
  routes.push_back(live_route(clock_, [this] { return live_readings(); }));
  std::ranges::move(dashboard_routes(), std::back_inserter(routes));
  Result<std::unique_ptr<RecordApi>> record =
      RecordApi::open(stores_.file, {.loop = loop_.get_executor(),
                                     .clock = clock_,
                                     .config = [this] { return *config_; },
                                     .environment = environment_,
                                     .find_list = find_list});
  if (record.has_value()) record_ = std::move(*record);
  std::ranges::move(watch_routes({.metrics = metrics_,
                                  .clock = clock_,
                                  .reads = record_ ? &record_->reads() : nullptr,
                                  .vitals = [this] { return vitals(); },
                                  .log_lines_lost = [this] { return log_.lost_lines(); }}),
                    std::back_inserter(routes));
  if (record.has_error()) {
    log_.error("record_not_shown", {{"error", record.error().message}, {"hint", record.error().hint}});
    return routes;
  }
  std::ranges::move(record_->routes(), std::back_inserter(routes));
  std::ranges::move(keep_routes(*this, record_->reads()), std::back_inserter(routes));
  return routes;
}

void Daemon::serve_configured_tenants() {
  for (auto& [tenant, served] : lanes_) {
    if (config_->tenants.contains(tenant)) {
      served.lane->configure(config_);
    } else if (!std::exchange(served.is_leaving, true)) {
      log_.info("tenant_removed", {{"tenant", tenant}});
      served.lane->end();
    }
  }
  for (const auto& [tenant, settings] : config_->tenants) {
    if (!lanes_.contains(tenant)) serve_tenant(tenant);
  }
}

void Daemon::serve_tenant(const std::string& tenant) {
  if (is_ending_) return;
  const auto lane = std::make_shared<TenantLane>(tenant, config_, lane_ground_);
  lanes_[tenant] = {.lane = lane};
  asio::co_spawn(loop_, lane->run(), [this, lane](const std::exception_ptr& problem) {
    if (problem) fail(Error{ErrorKind::unexpected, "a tenant's sending ended by an exception", ""});
    lane_done(lane->tenant());
  });
}

/// Whoever serves the tenant next cannot know what this lane knew of its pace.
void Daemon::lane_done(const std::string& tenant) {
  lanes_.erase(tenant);
  lane_ground_.last_sent_before = std::max(lane_ground_.last_sent_before, clock_.steady_now());
  if (is_ending_) return end_if_done();
  if (config_->tenants.contains(tenant)) serve_tenant(tenant);
}

void Daemon::look_for_work(const std::string& tenant) {
  const auto found = lanes_.find(tenant);
  if (found != lanes_.end()) return found->second.lane->look_for_work();
  if (!is_ending_) asio::co_spawn(loop_, tell_of_strangers(), ignore);
}

std::vector<RunId> Daemon::steered_runs() const {
  std::vector<RunId> runs;
  for (const auto& [tenant, served] : lanes_)
    std::ranges::copy(served.lane->served(), std::back_inserter(runs));
  return runs;
}

void Daemon::brake(RunId run) {
  braked_.insert(run);
  for (const auto& [tenant, served] : lanes_) served.lane->pause(run);
}

/// A resume lifts the pause of the tenant as well.
void Daemon::send_again(const ControlDone& resumed) {
  braked_.erase(resumed.run.id);
  left_runs_.forget(resumed.run.id);
  const auto found = lanes_.find(resumed.run.tenant);
  if (found == lanes_.end()) return look_for_work(resumed.run.tenant);
  found->second.lane->go_on();
  found->second.lane->unpause(resumed.run.id);
}

void Daemon::look_again() {
  for (const auto& [tenant, served] : lanes_) served.lane->look_again();
}

asio::awaitable<Result<void>> Daemon::cancel(RunId run, std::string reason) {
  const Result<ControlAnswer> answer =
      co_await desk_.take(ControlRunCommand{ControlVerb::cancel, run, std::move(reason)}, "daemon");
  if (answer.has_error()) co_return answer.error();
  co_return Result<void>{};
}

asio::awaitable<void> Daemon::forget_device_lists() {
  auto forget = [this]() -> Result<void> {
    device_lists_.forget_old();
    return {};
  };
  (void)co_await reading_.call(std::move(forget));
}

/// The record says now what the brakes have said. One that came to nothing there holds nothing back.
void Daemon::all_recorded() {
  left_runs_.all_recorded();
  if (is_ending_) return end_if_done();
  if (std::exchange(braked_, {}).empty()) return;
  for (const auto& [tenant, served] : lanes_) served.lane->look_for_work();
}

void Daemon::watch_signals() {
  signals_.async_wait([this](const boost::system::error_code& problem, int signal) {
    if (problem || departure_.is_over()) return;
    signal_came(signal);
    // With no tenant to wait for, that was the end.
    if (!departure_.is_over()) watch_signals();
  });
}

void Daemon::signal_came(int signal) {
  if (signal == SIGHUP) return reload();
  // A second signal means: now. What is in flight is recovered by the next process, as after a kill.
  if (is_ending_) ::_exit(128 + signal);
  log_.info("daemon_stopping", {{"signal", signal}});
  notes_.event("daemon_stopping", fmt::format("signal {}", signal));
  end();
}

void Daemon::end() {
  if (std::exchange(is_ending_, true)) return;
  notice_.stopping();
  notice_.status("stopping: waiting for the requests that are on their way");
  desk_.stop_waiting();
  lent_.stop();
  schedules_.stop();
  job_folder_.stop();
  regular_prune_.stop();
  for (const auto& [tenant, served] : lanes_) served.lane->end();
  asio::co_spawn(loop_, departure_.leave_after(longest_exchange() + drain_reserve), ignore);
  end_if_done();
}

/// No request takes longer than its deadline, and what takes longer than that is left to the next process.
std::chrono::nanoseconds Daemon::longest_exchange() const {
  std::chrono::milliseconds longest{0};
  for (const auto& [tenant, settings] : config_->tenants)
    longest = std::max(longest, settings.https.exchange_timeout);
  return longest;
}

void Daemon::end_if_done() {
  if (!is_ending_ || !lanes_.empty() || !desk_.is_idle() || departure_.is_over()) return;
  departure_.over(failure_ ? exit_code_of(failure_->kind) : exit_codes::all_accepted);
  server_.close();
  notes_.tell_all_failures();
  // Nobody waits for a signal any more, and the next one is to end the process.
  boost::system::error_code ignored;
  signals_.cancel(ignored);
  signals_.clear(ignored);
  pulse_.stop();
  manager_alarm_->ring();
}

void Daemon::fail(const Error& error) {
  if (!failure_) failure_ = error;
  log_.error("daemon_failed", {{"error", error.message}, {"hint", error.hint}});
  if (!is_ending_) notes_.event("daemon_stopping", error.message);
  end();
}

void Daemon::reload() {
  must_reload_ = true;
  if (is_ending_ || std::exchange(is_reloading_, true)) return;
  asio::co_spawn(loop_, reload_in_turn(), [this](const std::exception_ptr&) { is_reloading_ = false; });
}

asio::awaitable<void> Daemon::reload_in_turn() {
  while (std::exchange(must_reload_, false)) {
    notice_.reloading();
    auto read = [this]() -> Result<Renewed> {
      Result<Config> config = load_config(common_, environment_);
      if (config.has_error()) return config.error();
      Result<ApiAccess> access = read_api_access(config->api);
      if (access.has_error()) return access.error();
      return Renewed{*std::move(config), *std::move(access)};
    };
    Result<Renewed> renewed = co_await reading_.call(std::move(read));
    if (is_ending_) co_return;
    if (renewed.has_error()) {
      refuse(renewed.error());
    } else {
      // Before anything is awaited: told to end meanwhile, the daemon must not begin to serve anew.
      put_in_force(*std::move(renewed));
      AuditEntry entry{.at = clock_.utc_now(),
                       .actor = "policy",
                       .origin = "daemon",
                       .action = "configuration_reloaded",
                       .target = config_->file};
      co_await notes_.audit(std::move(entry));
      co_await tell_of_strangers();
    }
    notice_.ready();
    notice_.status(status_text());
  }
}

void Daemon::refuse(const Error& error) {
  refused_configuration_ = error.message;
  log_.error("configuration_refused",
             {{"error", error.message}, {"hint", "The one before stays in force, tokens included."}});
  notes_.event("configuration_refused", error.message);
}

void Daemon::put_in_force(Renewed renewed) {
  refused_configuration_.clear();
  config_ = std::make_shared<const Config>(std::move(renewed.config));
  waiting_settings_ = fmt::format("{}", fmt::join(settings_for_next_start(*began_with_, *config_), ", "));
  log_.set_level(config_->log.level);
  server_.replace_access(std::move(renewed.access));
  log_.info("configuration_reloaded", {{"tenants", config_->tenants.size()}});
  notes_.event("configuration_reloaded",
               waiting_settings_.empty()
                   ? tenants_text()
                   : fmt::format("{}; waits for a restart: {}", tenants_text(), waiting_settings_));
  if (!waiting_settings_.empty())
    log_.warning("restart_needed",
                 {{"settings", waiting_settings_}, {"hint", "What they were at the start stays in force."}});
  serve_configured_tenants();
  job_folder_.look();
}

/// Runs of tenants that the configuration does not know wait for somebody to write them into it.
asio::awaitable<void> Daemon::tell_of_strangers() {
  auto look = [this] { return tenants_with_work(*stores_.for_lanes); };
  const Result<std::set<std::string>> tenants = co_await reading_.call(std::move(look));
  if (tenants.has_error() || is_ending_) co_return;
  for (const std::string& tenant : *tenants) {
    if (config_->tenants.contains(tenant)) continue;
    log_.warning("tenant_unknown", {{"tenant", tenant}, {"hint", "Its runs wait until it is configured."}});
    auto pause = [tenant, now = clock_.utc_now()](Store& store) {
      return set_daemon_pause(store, tenant, "the configuration has no such tenant", now);
    };
    (void)co_await store_.call(std::move(pause));
  }
}

/// The watchdog is only told of life when this loop and the database thread have both answered.
asio::awaitable<void> Daemon::tell_manager() {
  const auto interval = notice_.watchdog()
                            ? std::min<std::chrono::nanoseconds>(status_interval, *notice_.watchdog() / 3)
                            : std::chrono::nanoseconds{status_interval};
  while (!departure_.is_over()) {
    auto ask = [](Store& store) { return store.run(RunId{0}); };
    const Result<std::optional<RunRecord>> answer = co_await store_.call(std::move(ask));
    const bool is_lost = answer.has_error() && answer.error().kind == ErrorKind::storage_lost;
    if (is_lost && !is_ending_) fail(answer.error());
    if (!is_lost) notice_.alive();
    if (!is_ending_) notice_.status(status_text());
    log_.tell_floods();
    notes_.tell_failures();
    const SteadyTime next_at = clock_.steady_now() + interval;
    if (!departure_.is_over()) co_await manager_alarm_->sleep_until(next_at);
  }
}

std::string Daemon::tenants_text() const {
  return counted(static_cast<std::int64_t>(config_->tenants.size()), "tenant");
}

std::string Daemon::status_text() const {
  std::size_t runs = 0;
  std::vector<std::string> stuck;
  for (const auto& [tenant, served] : lanes_) {
    runs += served.lane->served().size();
    if (!served.lane->trouble().empty()) stuck.push_back(tenant);
  }
  std::string text = fmt::format("{}, {}", counted(static_cast<std::int64_t>(lanes_.size()), "tenant"),
                                 counted(static_cast<std::int64_t>(runs), "run"));
  if (!stuck.empty()) text += fmt::format("; {} stuck: {}", stuck.size(), printable(stuck.front(), 64));
  if (!refused_configuration_.empty())
    text +=
        fmt::format("; the newest configuration is not in force: {}", printable(refused_configuration_, 200));
  if (!waiting_settings_.empty()) text += "; waits for a restart: " + waiting_settings_;
  return text;
}

}  // namespace sluice
