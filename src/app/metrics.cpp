// SPDX-License-Identifier: MIT
#include "app/metrics.hpp"

#include <fmt/format.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <functional>
#include <set>
#include <utility>
#include <vector>

#include "sluice/core/tick_rules.hpp"
#include "sluice/engine/dispatcher.hpp"

namespace sluice {
namespace {

using prometheus::ClientMetric;
using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Labels;
using prometheus::MetricFamily;
using prometheus::MetricType;
using prometheus::Registry;

constexpr std::array outcomes{
    OutcomeKind::accepted,         OutcomeKind::nonce_used,   OutcomeKind::throttled,
    OutcomeKind::unavailable,      OutcomeKind::silent,       OutcomeKind::answered_unclear,
    OutcomeKind::rejected_devices, OutcomeKind::rejected_job, OutcomeKind::blocked};
constexpr std::array run_statuses{RunStatus::pending,          RunStatus::running,
                                  RunStatus::paused,           RunStatus::succeeded,
                                  RunStatus::canceled,         RunStatus::completed_with_failures,
                                  RunStatus::finished_in_doubt};
constexpr std::array final_statuses{RunStatus::succeeded, RunStatus::completed_with_failures,
                                    RunStatus::finished_in_doubt, RunStatus::canceled};
using NamedCount = std::pair<std::string_view, std::int64_t StateCounts::*>;
constexpr std::array device_states{
    NamedCount{"pending", &StateCounts::pending},   NamedCount{"in_flight", &StateCounts::in_flight},
    NamedCount{"accepted", &StateCounts::accepted}, NamedCount{"presumed", &StateCounts::presumed},
    NamedCount{"failed", &StateCounts::failed},     NamedCount{"in_doubt", &StateCounts::in_doubt},
    NamedCount{"canceled", &StateCounts::canceled}};
constexpr std::string_view final_device_states[]{"accepted", "presumed", "failed", "in_doubt", "canceled"};
constexpr std::string_view send_kinds[]{"first", "retry", "replay"};
constexpr std::string_view pause_reasons[]{"blocked", "silence"};
constexpr std::string_view job_file_states[]{"good", "invalid", "removed"};
constexpr std::string_view schedule_states[]{"active", "paused", "retired"};

// Words that come from elsewhere and should be few; should they ever not be, the rest counts as one.
constexpr std::size_t words_max = 64;

const Histogram::BucketBoundaries request_seconds{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
                                                  1,     2.5,  5,     10,   15,  30};
const Histogram::BucketBoundaries lag_seconds{0.0001, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5};

const Histogram::BucketBoundaries commit_seconds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                 0.05,   0.1,   0.25,   1,     5};

std::string text_of(std::string_view word) { return std::string{word}; }

double seconds(std::chrono::nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }

Family<Counter>& counters(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

Family<Gauge>& gauges(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}

Family<Histogram>& histograms(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

/// One family whose values are looked up when they are asked for.
class Looked {
 public:
  Looked(MetricType type, std::string name, std::string help) {
    family_.name = std::move(name);
    family_.help = std::move(help);
    family_.type = type;
  }

  Looked& add(double value, std::vector<ClientMetric::Label> labels = {}) {
    ClientMetric metric;
    metric.label = std::move(labels);
    (family_.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
    family_.metric.push_back(std::move(metric));
    return *this;
  }

  void move_to(std::vector<MetricFamily>& families) {
    if (!family_.metric.empty()) families.push_back(std::move(family_));
  }

 private:
  MetricFamily family_;
};

Looked gauge(const char* name, const char* help) { return {MetricType::Gauge, name, help}; }
Looked counter(const char* name, const char* help) { return {MetricType::Counter, name, help}; }

std::string_view state_of(const Transition& transition) {
  switch (transition.state) {
    case ChunkState::succeeded:
      return transition.evidence == Evidence::presumed ? "presumed" : "accepted";
    case ChunkState::failed:
      return "failed";
    case ChunkState::in_doubt:
      return "in_doubt";
    case ChunkState::canceled:
      return "canceled";
    case ChunkState::pending:
    case ChunkState::in_flight:
    case ChunkState::split:
      break;
  }
  return {};
}

/// What is counted of one tenant, looked up once.
struct TenantSeries {
  std::map<OutcomeKind, Counter*> requests;
  std::map<std::string_view, Counter*> sends;
  std::map<std::string_view, Counter*> devices;
  Histogram* durations = nullptr;
  Counter* splits = nullptr;
  Gauge* in_flight = nullptr;
  Gauge* rate_limit = nullptr;
  Gauge* rate_in_force = nullptr;
  Gauge* others = nullptr;
  Gauge* reachable = nullptr;
  Gauge* retries_held = nullptr;
  Gauge* store_held = nullptr;
  std::set<RunId> out_of_hours;
  int observers = 0;
};

}  // namespace

struct Metrics::Families {
  std::unique_ptr<Registry> registry = std::make_unique<Registry>();
  Family<Counter>& requests = counters(
      *registry, "sluice_requests_total",
      "Requests that have come to an end, by what came of them. \"accepted\" is the cloud's word, not the "
      "devices'.");
  Family<Counter>& sends =
      counters(*registry, "sluice_sends_total",
               "Requests that went to the wire: first ones, retries, identical replays.");
  Family<Histogram>& durations = histograms(*registry, "sluice_request_duration_seconds",
                                            "From the first byte of a request to its complete answer.");
  Family<Counter>& devices =
      counters(*registry, "sluice_devices_total",
               "Devices by what their requests came to; what a person decides shows in sluice_devices.");
  Family<Counter>& splits =
      counters(*registry, "sluice_chunk_splits_total", "Chunks cut in two to find the device at fault.");
  Family<Gauge>& in_flight =
      gauges(*registry, "sluice_in_flight_requests", "Requests sent and not yet answered or given up.");
  Family<Gauge>& rate_limit = gauges(*registry, "sluice_rate_limit_requests_per_second",
                                     "Requests per second that the configuration allows.");
  Family<Gauge>& rate_in_force =
      gauges(*registry, "sluice_rate_in_force_requests_per_second",
             "Requests per second that are held to now: less than the limit after a throttle or an order.");
  Family<Gauge>& others = gauges(*registry, "sluice_others_requests_per_second",
                                 "Requests per second that others seem to make under the same account.");
  Family<Gauge>& reachable = gauges(*registry, "sluice_endpoint_reachable",
                                    "1 if the tenant's endpoint can be reached, as far as known.");
  Family<Gauge>& retries_held =
      gauges(*registry, "sluice_retries_held", "1 while due retries wait for the retry budget.");
  Family<Gauge>& store_held =
      gauges(*registry, "sluice_store_held", "1 while another program keeps the store from being written.");
  Family<Counter>& runs_finished =
      counters(*registry, "sluice_runs_finished_total", "Runs by how they ended.");
  Family<Counter>& ticks = counters(*registry, "sluice_schedule_ticks_total",
                                    "Ticks of schedules by what became of them, and why.");
  Family<Counter>& pruned =
      counters(*registry, "sluice_pruned_rows_total", "Rows that were kept long enough and taken out.");
  Family<Counter>& failed_logins =
      counters(*registry, "sluice_api_failed_logins_total", "Requests to the API with a token that is none.");
  Histogram& lag = histograms(*registry, "sluice_loop_lag_seconds", "How late the loop came to what was due.")
                       .Add({}, lag_seconds);
  Counter& store_busy =
      counters(*registry, "sluice_store_busy_seconds_total", "Time that the database thread was at work.")
          .Add({});
  Histogram& commits = histograms(*registry, "sluice_store_commit_duration_seconds",
                                  "How long it took to make a group of changes durable.")
                           .Add({}, commit_seconds);
  std::string version;
  std::set<std::string, std::less<>> words;
  std::map<std::string, TenantSeries, std::less<>> tenants;  ///< that are observed

  std::string bounded(std::string_view word) {
    if (words.contains(word)) return text_of(word);
    if (words.size() >= words_max) return "other";
    return *words.emplace(word).first;
  }
};

namespace {

class TenantMetrics final : public Observer {
 public:
  TenantMetrics(TenantSeries& series, std::function<void()> leave)
      : series_(series), leave_(std::move(leave)) {}
  TenantMetrics(const TenantMetrics&) = delete;
  TenantMetrics& operator=(const TenantMetrics&) = delete;
  ~TenantMetrics() override {
    series_.in_flight->Set(0);
    leave_();
  }

  void attempt_sent(const AttemptSent& event, SteadyTime) override {
    const std::string_view kind = event.is_replay ? "replay" : event.is_retry ? "retry" : "first";
    series_.sends.at(kind)->Increment();
    in_flight_.insert(event.attempt);
    tell_in_flight();
  }

  void attempt_settled(const AttemptSettled& event, SteadyTime) override {
    in_flight_.erase(event.attempt);
    tell_in_flight();
    // What the deny list stops never was a request.
    if (event.outcome.code != denied_code) series_.requests.at(event.outcome.kind)->Increment();
    if (event.rtt) series_.durations->Observe(seconds(*event.rtt));
    if (event.transition.state == ChunkState::split) series_.splits->Increment();
    const std::string_view state = state_of(event.transition);
    if (!state.empty()) series_.devices.at(state)->Increment(event.facts.devices);
  }

  void rate_changed(double requests_per_second) override { series_.rate_in_force->Set(requests_per_second); }
  void endpoint_lost(std::string_view) override { series_.reachable->Set(0); }
  void endpoint_back() override { series_.reachable->Set(1); }
  void others_use(double requests_per_second) override { series_.others->Set(requests_per_second); }
  void retries_held(bool are_held) override { series_.retries_held->Set(are_held ? 1 : 0); }
  void window_changed(const WindowNews& news) override {
    if (news.is_open) {
      series_.out_of_hours.erase(news.run);
    } else {
      series_.out_of_hours.insert(news.run);
    }
  }
  void run_left(RunId run) override { series_.out_of_hours.erase(run); }
  void store_held(bool is_held) override { series_.store_held->Set(is_held ? 1 : 0); }

 private:
  void tell_in_flight() { series_.in_flight->Set(static_cast<double>(in_flight_.size())); }

  TenantSeries& series_;
  std::function<void()> leave_;
  std::set<AttemptId> in_flight_;
};

void add_tenants(const StoreFigures& store, UtcTime now, std::vector<MetricFamily>& families) {
  Looked chunks = gauge("sluice_chunks", "Chunks on record, by state.");
  Looked devices = gauge("sluice_devices", "Devices of the runs on record, by state.");
  Looked runs = gauge("sluice_runs", "Runs on record, by status.");
  Looked paused =
      gauge("sluice_tenant_paused",
            "1 while nothing of the tenant is sent: blocked until a person says so, or silent because "
            "the server asked for it.");
  Looked oldest = gauge("sluice_queue_oldest_due_seconds",
                        "How long the chunk that waits longest could have been sent; 0: none waits.");
  for (const TenantFigures& figures : store.tenants) {
    const std::string& tenant = figures.tenant;
    for (const auto& [state, count] : device_states) {
      chunks.add(static_cast<double>(figures.chunks.*count), {{"tenant", tenant}, {"state", text_of(state)}});
      devices.add(static_cast<double>(figures.devices.*count),
                  {{"tenant", tenant}, {"state", text_of(state)}});
    }
    for (const RunStatus status : run_statuses) {
      const auto found = figures.runs.find(status);
      runs.add(found == figures.runs.end() ? 0 : static_cast<double>(found->second),
               {{"tenant", tenant}, {"status", text_of(to_string(status))}});
    }
    const bool holds[]{figures.is_blocked, figures.silent_until > now};
    for (std::size_t i = 0; i < std::size(pause_reasons); ++i) {
      paused.add(holds[i] ? 1 : 0, {{"tenant", tenant}, {"reason", text_of(pause_reasons[i])}});
    }
    const auto waited = figures.oldest_due ? now - *figures.oldest_due : std::chrono::microseconds{0};
    oldest.add(std::max(0.0, seconds(waited)), {{"tenant", tenant}});
  }
  for (Looked* family : {&chunks, &devices, &runs, &paused, &oldest}) family->move_to(families);
}

template <std::size_t Size>
void add_states(const char* name, const char* help, const std::map<std::string, std::int64_t>& counts,
                const std::string_view (&states)[Size], std::vector<MetricFamily>& families) {
  Looked family = gauge(name, help);
  for (const std::string_view state : states) {
    const auto found = counts.find(text_of(state));
    family.add(found == counts.end() ? 0 : static_cast<double>(found->second), {{"state", text_of(state)}});
  }
  family.move_to(families);
}

void add_store(const MetricsReadings& readings, std::vector<MetricFamily>& families) {
  gauge("sluice_store_readable", "1 if the store answered this scrape in time.")
      .add(readings.store ? 1 : 0)
      .move_to(families);
  if (!readings.store) return;
  const StoreFigures& store = *readings.store;
  add_tenants(store, readings.now, families);
  add_states("sluice_job_files", "Job files of the daemon's folder, by state.", store.job_files,
             job_file_states, families);
  add_states("sluice_schedules", "Schedules, by state.", store.schedules, schedule_states, families);
  gauge("sluice_store_size_bytes", "Size of the database file.")
      .add(static_cast<double>(store.database_bytes))
      .move_to(families);
  gauge("sluice_store_free_bytes", "Of the database file, what is not in use.")
      .add(static_cast<double>(store.free_bytes))
      .move_to(families);
  gauge("sluice_store_wal_bytes", "Size of the write-ahead log.")
      .add(static_cast<double>(store.wal_bytes))
      .move_to(families);
}

void add_process(const ProcessFigures& process, std::vector<MetricFamily>& families) {
  const auto add = [&families](Looked family, const auto& value) {
    if (value) family.add(static_cast<double>(*value)).move_to(families);
  };
  add(counter("process_cpu_seconds_total", "Processor time used, user and system."), process.cpu_seconds);
  add(gauge("process_resident_memory_bytes", "Resident memory."), process.resident_bytes);
  add(gauge("process_virtual_memory_bytes", "Virtual memory."), process.virtual_bytes);
  add(gauge("process_open_fds", "Open file descriptors."), process.open_descriptors);
  add(gauge("process_max_fds", "The limit of open file descriptors."), process.descriptors_max);
  add(gauge("process_start_time_seconds", "When the process started, in seconds since 1970."),
      process.started_at);
}

}  // namespace

Metrics::Metrics(std::string_view version) : families_(std::make_unique<Families>()) {
  families_->version = text_of(version);
  // There from the start, since an increase shows only against what was there before.
  for (const std::string_view outcome : {"fired", "failed"})
    families_->ticks.Add({{"outcome", families_->bounded(outcome)}, {"reason", families_->bounded("")}});
  for (const SkipReason reason : {SkipReason::missed, SkipReason::superseded, SkipReason::too_late,
                                  SkipReason::overlap, SkipReason::paused}) {
    families_->ticks.Add(
        {{"outcome", families_->bounded("skipped")}, {"reason", families_->bounded(to_string(reason))}});
  }
  families_->ticks.Add(
      {{"outcome", families_->bounded("skipped")}, {"reason", families_->bounded("retired")}});
  families_->failed_logins.Add({{"reason", families_->bounded("unknown_token")}});
}

Metrics::~Metrics() = default;

std::unique_ptr<Observer> Metrics::observe(const MeteredTenant& tenant) {
  Families& all = *families_;
  const Labels labels{{"tenant", tenant.name}};
  TenantSeries& series = all.tenants[tenant.name];
  ++series.observers;
  for (const std::string_view kind : send_kinds) {
    series.sends[kind] = &all.sends.Add({{"tenant", tenant.name}, {"kind", text_of(kind)}});
  }
  for (const std::string_view state : final_device_states) {
    series.devices[state] = &all.devices.Add({{"tenant", tenant.name}, {"state", text_of(state)}});
  }
  for (const RunStatus status : final_statuses) {
    all.runs_finished.Add({{"tenant", tenant.name}, {"status", text_of(to_string(status))}});
  }
  series.splits = &all.splits.Add(labels);
  series.in_flight = &all.in_flight.Add(labels);
  series.rate_limit = &all.rate_limit.Add(labels);
  series.rate_in_force = &all.rate_in_force.Add(labels);
  series.others = &all.others.Add(labels);
  series.reachable = &all.reachable.Add(labels);
  series.retries_held = &all.retries_held.Add(labels);
  series.store_held = &all.store_held.Add(labels);
  configure(tenant);
  begin_to_serve(tenant.name, tenant.requests_per_second);
  return std::make_unique<TenantMetrics>(series, [this, name = tenant.name] { leave(name); });
}

void Metrics::configure(const MeteredTenant& tenant) {
  Families& all = *families_;
  const auto found = all.tenants.find(tenant.name);
  if (found == all.tenants.end()) return;
  const Labels called{{"tenant", tenant.name}, {"action", tenant.action}};
  for (const OutcomeKind kind : outcomes) {
    Labels of_outcome = called;
    of_outcome.emplace("outcome", to_string(kind));
    found->second.requests[kind] = &all.requests.Add(of_outcome);
  }
  found->second.durations = &all.durations.Add(called, request_seconds);
  found->second.rate_limit->Set(tenant.requests_per_second);
}

void Metrics::begin_to_serve(std::string_view tenant, double requests_per_second) {
  const auto found = families_->tenants.find(tenant);
  if (found == families_->tenants.end()) return;
  TenantSeries& series = found->second;
  series.out_of_hours.clear();
  series.rate_in_force->Set(requests_per_second);
  series.reachable->Set(1);
  for (Gauge* const trouble : {series.others, series.retries_held, series.store_held}) trouble->Set(0);
}

/// What was counted stays; how a tenant that nobody serves stands is not known.
void Metrics::leave(const std::string& tenant) {
  Families& all = *families_;
  const TenantSeries& series = all.tenants.at(tenant);
  if (--all.tenants.at(tenant).observers > 0) return;
  all.rate_limit.Remove(series.rate_limit);
  all.rate_in_force.Remove(series.rate_in_force);
  all.others.Remove(series.others);
  all.reachable.Remove(series.reachable);
  all.retries_held.Remove(series.retries_held);
  all.store_held.Remove(series.store_held);
  all.tenants.erase(tenant);
}

void Metrics::run_finished(std::string_view tenant, RunStatus status) {
  families_->runs_finished.Add({{"tenant", text_of(tenant)}, {"status", text_of(to_string(status))}})
      .Increment();
}

void Metrics::tick_decided(std::string_view outcome, std::string_view reason, std::int64_t ticks) {
  families_->ticks.Add({{"outcome", families_->bounded(outcome)}, {"reason", families_->bounded(reason)}})
      .Increment(static_cast<double>(ticks));
}

void Metrics::loop_was_late(std::chrono::nanoseconds delay) { families_->lag.Observe(seconds(delay)); }

void Metrics::batch_committed(std::chrono::nanoseconds busy, std::chrono::nanoseconds commit) {
  families_->store_busy.Increment(seconds(busy));
  families_->commits.Observe(seconds(commit));
}

void Metrics::rows_pruned(std::string_view table, std::int64_t rows) {
  families_->pruned.Add({{"table", families_->bounded(table)}}).Increment(static_cast<double>(rows));
}

void Metrics::login_failed(std::string_view reason) {
  families_->failed_logins.Add({{"reason", families_->bounded(reason)}}).Increment();
}

std::set<RunId> Metrics::runs_out_of_hours() const {
  std::set<RunId> runs;
  for (const auto& [tenant, series] : families_->tenants)
    runs.insert(series.out_of_hours.begin(), series.out_of_hours.end());
  return runs;
}

std::string Metrics::text(const MetricsReadings& readings) const {
  std::vector<MetricFamily> families = families_->registry->Collect();
  std::erase_if(families, [](const MetricFamily& family) { return family.metric.empty(); });
  gauge("sluice_build_info", "The program and the SQLite that it runs with.")
      .add(1, {{"version", families_->version},
               {"sqlite", readings.store ? readings.store->sqlite_version : std::string{}}})
      .move_to(families);
  gauge("sluice_configuration_valid",
        "0 while the newest configuration file is not one, and an older one is in force.")
      .add(readings.is_configuration_valid ? 1 : 0)
      .move_to(families);
  counter("sluice_log_lines_lost_total", "Log lines that stderr did not take in time.")
      .add(static_cast<double>(readings.log_lines_lost))
      .move_to(families);
  add_store(readings, families);
  add_process(readings.process, families);
  return prometheus::TextSerializer{}.Serialize(families);
}

}  // namespace sluice
