// SPDX-License-Identifier: MIT
// What the daemon counts, in Prometheus' text format. Names begin with sluice_ (those of the process with
// process_, as everywhere), units are seconds and bytes. No label holds a device, a run, a chunk or a text of
// the cloud's: how many series there are is up to the configuration alone.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "app/process_figures.hpp"
#include "sluice/core/run.hpp"
#include "sluice/engine/observer.hpp"
#include "sluice/store/figures.hpp"

namespace sluice {

/// What is not counted but looked up when somebody asks.
struct MetricsReadings {
  UtcTime now;
  std::optional<StoreFigures> store;  ///< absent: the store could not be read in time
  ProcessFigures process;
  std::int64_t log_lines_lost = 0;
  bool is_configuration_valid = true;  ///< of the newest configuration file, in force or not
};

/// One tenant, as it is configured.
struct MeteredTenant {
  std::string name;
  std::string action;              ///< the operation that is called
  double requests_per_second = 0;  ///< at most, without what is left to others
};

/// Lives on the loop, as its observers do.
class Metrics {
 public:
  /// @param version of the program
  explicit Metrics(std::string_view version);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// Counts what is told of the tenant's requests. All its series are there from now on, at zero; a second
  /// observer of the same tenant goes on where the first one was. What is counted stays when the last
  /// observer has gone, and what tells how the tenant stands goes with it. This outlives it.
  std::unique_ptr<Observer> observe(const MeteredTenant& tenant);

  /// A tenant that is observed is configured so from now on.
  void configure(const MeteredTenant& tenant);

  /// It is served by a new dispatcher, which knows of no trouble yet and only tells what changes.
  void begin_to_serve(std::string_view tenant, double requests_per_second);

  void run_finished(std::string_view tenant, RunStatus status);

  /// @param outcome "fired", "skipped", …; @param reason one of the words of the tick rules; empty: none
  /// @param ticks so many at once
  void tick_decided(std::string_view outcome, std::string_view reason, std::int64_t ticks = 1);

  /// How late the loop came to something that was due.
  void loop_was_late(std::chrono::nanoseconds delay);

  /// A group of store calls: how long the database thread was busy with it, and how long of that its commit
  /// took.
  void batch_committed(std::chrono::nanoseconds busy, std::chrono::nanoseconds commit);

  void rows_pruned(std::string_view table, std::int64_t rows);

  /// @param reason one word of ours, such as "unknown_token"
  void login_failed(std::string_view reason);

  /// Those that are served, and whose window is closed.
  std::set<RunId> runs_out_of_hours() const;

  /// Everything as `text/plain; version=0.0.4`.
  std::string text(const MetricsReadings& readings) const;

 private:
  struct Families;

  void leave(const std::string& tenant);

  std::unique_ptr<Families> families_;
};

/// The content type of Metrics::text().
inline constexpr std::string_view metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace sluice
