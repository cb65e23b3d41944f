// SPDX-License-Identifier: MIT
#include "app/tenant_lane.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <utility>

#include "app/daemon_pause.hpp"
#include "app/watched_deny_list.hpp"
#include "sluice/core/silence.hpp"
#include "sluice/core/split_guard.hpp"
#include "sluice/store/pages.hpp"

namespace sluice {
namespace asio = boost::asio;
namespace {

using namespace std::chrono_literals;

constexpr auto retry_interval = 1min;

bool concerns_all(const Error& error) {
  return error.kind == ErrorKind::storage_lost || error.kind == ErrorKind::unexpected;
}

double usable_rate(const std::string& tenant, const Config& config) {
  const auto found = config.tenants.find(tenant);
  return found == config.tenants.end() ? 0 : found->second.rate - found->second.leave_to_others;
}

MeteredTenant metered(const std::string& tenant, const Config& config) {
  const auto found = config.tenants.find(tenant);
  if (found == config.tenants.end()) return {.name = tenant, .action = {}};
  return {.name = tenant,
          .action = found->second.dialect.action,
          .requests_per_second = usable_rate(tenant, config)};
}

TenantLog::Observers observers(const std::string& tenant, const Config& config, LaneGround& ground) {
  TenantLog::Observers observers;
  observers.push_back(ground.metrics.observe(metered(tenant, config)));
  observers.push_back(ground.live.observe(tenant, usable_rate(tenant, config)));
  return observers;
}

}  // namespace

TenantLane::TenantLane(std::string tenant, std::shared_ptr<const Config> config, LaneGround& ground)
    : tenant_(std::move(tenant)),
      config_(std::move(config)),
      ground_(ground),
      observer_(tenant_, ground.log, observers(tenant_, *config_, ground),
                [this](RunId run) { ground_.run_left(tenant_, run); }),
      alarm_(ground.session.clock->alarm()),
      last_sent_before_(ground.last_sent_before) {}

asio::awaitable<void> TenantLane::run() {
  while (!is_ending_) {
    must_try_ = false;
    co_await serve_once();
    const SteadyTime again_at = ground_.session.clock->steady_now() + retry_interval;
    while (!trouble_.empty() && !is_ending_ && !must_try_ && ground_.session.clock->steady_now() < again_at)
      co_await alarm_->sleep_until(again_at);
  }
  leave_key();
}

/// Until the tenant has to be served in another way, or cannot be served at all.
asio::awaitable<void> TenantLane::serve_once() {
  Result<PreparedTenant> prepared = co_await prepare();
  if (is_ending_) co_return;
  if (prepared.has_error()) co_return co_await suffer(prepared.error());
  if (const std::optional<Error> taken = take_key(prepared->credentials.access_key_id))
    co_return co_await suffer(*taken);
  prepared_ = std::move(*prepared);
  if (prepared_->is_key_from_environment && !std::exchange(is_key_warned_of_, true)) {
    ground_.log.warning("key_from_environment",
                        {{"tenant", tenant_},
                         {"hint",
                          "It was readable in /proc until now: put it into a file, and name that with "
                          "\"credentials_file\"."}});
  }
  const Result<void> done = co_await serve(*prepared_);
  if (done.has_error()) co_await suffer(done.error());
}

asio::awaitable<Result<PreparedTenant>> TenantLane::prepare() {
  auto work = [this, config = config_] { return prepare_tenant(tenant_, *config, ground_.environment); };
  co_return co_await ground_.reading.call(std::move(work));
}

asio::awaitable<Result<FoundWork>> TenantLane::find() {
  auto work = [this, known = served_] { return find_work(ground_.reader, tenant_, known); };
  co_return co_await ground_.reading.call(std::move(work));
}

asio::awaitable<Result<void>> TenantLane::serve(const PreparedTenant& prepared) {
  Result<std::unique_ptr<Transport>> transport = ground_.session.open_transport(prepared.setup);
  if (transport.has_error()) co_return transport.error();
  const Result<bool> is_paused = co_await is_paused_by_daemon();
  if (is_paused.has_error()) co_return is_paused.error();
  // Before its work is looked for: of a tenant that is paused, none is found.
  if (*is_paused || !trouble_.empty()) {
    co_await set_pause("");
    told_trouble_.clear();
  }
  Result<FoundWork> found = co_await find();
  if (found.has_error()) co_return found.error();
  Clock& clock = *ground_.session.clock;
  SteadyTime not_before = std::max(quiet_until_, last_sent_before_ + silence_needed(prepared.setup.rate));
  for (const FoundRun& run : found->runs) {
    not_before = std::max(not_before,
                          clock.steady_now() + silence_left(run.record.tenant_silent_until, clock.utc_now()));
  }
  if (!std::exchange(trouble_, {}).empty()) ground_.log.info("tenant_goes_on", {{"tenant", tenant_}});
  ground_.live.begin_to_serve(tenant_, prepared.setup.rate);
  ground_.metrics.begin_to_serve(tenant_, prepared.setup.rate);

  Dispatcher dispatcher{ground_.loop,
                        ground_.store,
                        **transport,
                        clock,
                        *ground_.session.randomness,
                        observer_,
                        dispatcher_config(prepared, not_before)};
  served_.clear();
  dispatcher_ = &dispatcher;
  for (FoundRun& run : found->runs) co_await take_up(std::move(run));
  // It may have been told to end, or to be served in another way, while all this was read.
  if (is_ending_ || must_try_) dispatcher.stop();
  look_for_work();
  const Result<void> done = co_await dispatcher.run();
  dispatcher_ = nullptr;
  served_.clear();
  (*transport)->close();
  quiet_until_ = dispatcher.quiet_until();
  last_sent_before_ = clock.steady_now();
  co_return done;
}

/// By this daemon, one before it, or while the configuration did not know the tenant.
asio::awaitable<Result<bool>> TenantLane::is_paused_by_daemon() {
  auto work = [this]() -> Result<bool> {
    const Result<std::optional<TenantRow>> row = ground_.reader.pages().tenant(tenant_);
    if (row.has_error()) return row.error();
    return *row && is_daemon_pause((*row)->paused_reason);
  };
  co_return co_await ground_.reading.call(std::move(work));
}

DispatcherConfig TenantLane::dispatcher_config(const PreparedTenant& prepared, SteadyTime not_before) const {
  const TenantSetup& setup = prepared.setup;
  DispatcherConfig config{.tenant = tenant_,
                          .endpoint = to_string(setup.endpoint),
                          .dialect = setup.dialect,
                          .credentials = prepared.credentials,
                          .requests_per_second = setup.rate,
                          .account_limit = setup.account_rate,
                          .in_flight_max = static_cast<std::size_t>(setup.in_flight),
                          .not_before = not_before,
                          .stays = true};
  if (!setup.deny_file.empty()) {
    const auto tell = [&log = ground_.log, tenant = tenant_](const Error& why) {
      log.warning(
          "deny_list_unreadable",
          {{"tenant", tenant}, {"error", why.message}, {"hint", "The list as it was stays in force."}});
    };
    const auto list = std::make_shared<WatchedDenyList>(setup.deny_file, prepared.denied, tell);
    config.is_denied = [list](std::string_view device) { return list->denies(device); };
  }
  if (ground_.session.open_checks) {
    config.checks = ground_.session.open_checks(
        setup, [&log = ground_.log, tenant = tenant_](const GateQuestion& question, std::string_view what) {
          log.warning(
              "outside_check_inconclusive",
              {{"tenant", tenant}, {"run", question.run}, {"stage", question.stage}, {"error", what}});
        });
  }
  return config;
}

void TenantLane::look_for_work() {
  if (dispatcher_ == nullptr || is_ending_) return;
  must_look_ = true;
  if (std::exchange(is_looking_, true)) return;
  asio::co_spawn(ground_.loop, look(),
                 [self = shared_from_this()](const std::exception_ptr&) { self->is_looking_ = false; });
}

asio::awaitable<void> TenantLane::look() {
  while (std::exchange(must_look_, false) && dispatcher_ != nullptr) {
    // What was finished, or halted, has left; what was resumed since is found again.
    std::erase_if(served_, [this](RunId run) { return !dispatcher_->serves(run); });
    Result<FoundWork> found = co_await find();
    if (found.has_error()) {
      ground_.log.error("work_not_found", {{"tenant", tenant_}, {"error", found.error().message}});
      co_return;
    }
    for (const auto& [run, error] : found->unreadable)
      ground_.log.error("job_unreadable", {{"tenant", tenant_}, {"run", run}, {"error", error.message}});
    for (FoundRun& run : found->runs) co_await take_up(std::move(run));
  }
}

/// Where it is sent is said by the configuration alone, whatever the run remembers.
asio::awaitable<void> TenantLane::take_up(FoundRun found) {
  if (dispatcher_ == nullptr || !prepared_) co_return;
  const RunId run = found.record.id;
  const std::string endpoint = to_string(prepared_->setup.endpoint);
  if (found.record.endpoint != endpoint) {
    auto move = [run, endpoint, rate = found.record.rate](Store& store) {
      return store.move_run(run, endpoint, rate);
    };
    const Result<void> moved = co_await ground_.store.call(std::move(move));
    if (moved.has_error()) {
      ground_.log.error("run_not_moved",
                        {{"tenant", tenant_}, {"run", run}, {"error", moved.error().message}});
      co_return;
    }
    ground_.log.info("run_moved", {{"tenant", tenant_}, {"run", run}, {"endpoint", endpoint}});
  }
  if (dispatcher_ == nullptr || ground_.is_braked(run) || dispatcher_->serves(run)) co_return;
  served_.insert(run);
  ground_.log.info("run_taken_up", {{"tenant", tenant_}, {"run", run}, {"job", found.record.job_name}});
  dispatcher_->serve({.id = run,
                      .job = std::move(found.job),
                      .rate = found.record.rate,
                      .is_split_unguarded = splits_unguarded(found.record)});
}

void TenantLane::configure(std::shared_ptr<const Config> config) {
  config_ = std::move(config);
  ground_.metrics.configure(metered(tenant_, *config_));
  if (dispatcher_ == nullptr) {
    must_try_ = true;
    return alarm_->ring();
  }
  must_apply_ = true;
  if (std::exchange(is_applying_, true)) return;
  asio::co_spawn(ground_.loop, apply_configuration(),
                 [self = shared_from_this()](const std::exception_ptr&) { self->is_applying_ = false; });
}

asio::awaitable<void> TenantLane::apply_configuration() {
  while (std::exchange(must_apply_, false)) {
    Result<PreparedTenant> changed = co_await prepare();
    if (dispatcher_ == nullptr || is_ending_) co_return;
    const bool is_new_key =
        changed.has_value() && changed->credentials.access_key_id != prepared_->credentials.access_key_id;
    const bool is_other_way = changed.has_error() || !goes_the_same_way(changed->setup, prepared_->setup) ||
                              (is_new_key && take_key(changed->credentials.access_key_id));
    if (is_other_way) {
      // What is wrong with it shows when it is prepared once more.
      must_try_ = true;
      dispatcher_->stop();
      co_return;
    }
    const bool is_unblocked = changed->credentials != prepared_->credentials;
    prepared_ = std::move(*changed);
    dispatcher_->reconfigure(dispatcher_config(*prepared_, {}));
    if (!is_unblocked) continue;
    // Whatever the account was paused for, it was paused under another key.
    co_await set_pause("");
    if (dispatcher_ != nullptr) dispatcher_->go_on();
  }
}

void TenantLane::go_on() {
  must_try_ = !trouble_.empty();
  if (dispatcher_ != nullptr) dispatcher_->go_on();
  alarm_->ring();
}

void TenantLane::end() {
  is_ending_ = true;
  if (dispatcher_ != nullptr) dispatcher_->stop();
  alarm_->ring();
}

void TenantLane::pause(RunId run) {
  if (dispatcher_ != nullptr) dispatcher_->pause(run);
}

void TenantLane::unpause(RunId run) {
  if (dispatcher_ != nullptr && dispatcher_->serves(run)) return dispatcher_->unpause(run);
  look_for_work();
}

void TenantLane::look_again() {
  if (dispatcher_ != nullptr) dispatcher_->look_again();
}

std::set<RunId> TenantLane::served() const {
  std::set<RunId> served;
  if (dispatcher_ == nullptr) return served;
  std::ranges::copy_if(served_, std::inserter(served, served.end()),
                       [this](RunId run) { return dispatcher_->serves(run); });
  return served;
}

asio::awaitable<void> TenantLane::set_pause(std::string why) {
  auto work = [tenant = tenant_, why = std::move(why), now = ground_.session.clock->utc_now()](Store& store) {
    return set_daemon_pause(store, tenant, why, now);
  };
  const Result<void> done = co_await ground_.store.call(std::move(work));
  if (done.has_error())
    ground_.log.error("pause_not_recorded", {{"tenant", tenant_}, {"error", done.error().message}});
}

/// Logged once, however often it comes; the pause is set again each time, since a resume takes it back.
asio::awaitable<void> TenantLane::suffer(const Error& error) {
  if (concerns_all(error)) {
    ground_.fail(error);
    co_return;
  }
  leave_key();
  trouble_ = error.message;
  if (std::exchange(told_trouble_, trouble_) != trouble_)
    ground_.log.error("tenant_stuck", {{"tenant", tenant_}, {"error", error.message}, {"hint", error.hint}});
  co_await set_pause(error.message);
}

std::optional<Error> TenantLane::take_key(const std::string& key) {
  if (key == key_) return std::nullopt;
  const auto [holder, is_free] = ground_.key_holders.emplace(key, tenant_);
  if (!is_free) {
    return Error{
        ErrorKind::refused,
        fmt::format("its access key is that of tenant \"{}\", and an account has one limit", holder->second),
        "Put what both are to send under one tenant, or give each a key of its own account."};
  }
  leave_key();
  key_ = key;
  return std::nullopt;
}

void TenantLane::leave_key() {
  if (!key_.empty()) ground_.key_holders.erase(std::exchange(key_, {}));
}

}  // namespace sluice
