// SPDX-License-Identifier: MIT
#include "app/followed_run.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <csignal>
#include <string>
#include <thread>

#include "app/display_text.hpp"
#include "app/exit_codes.hpp"
#include "app/foreground_run.hpp"
#include "app/run_report.hpp"
#include "app/say.hpp"
#include "app/store_access.hpp"
#include "sluice/core/run_rules.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr auto look_interval = 200ms;
constexpr auto word_interval = 10s;

volatile std::sig_atomic_t signal_that_came = 0;

/// For as long as a run is followed, a signal is only noted.
class NotedSignals {
 public:
  NotedSignals() {
    signal_that_came = 0;
    for (std::size_t i = 0; i < signals.size(); ++i)
      before_[i] = std::signal(signals[i], [](int number) { signal_that_came = number; });
  }
  NotedSignals(const NotedSignals&) = delete;
  NotedSignals& operator=(const NotedSignals&) = delete;
  ~NotedSignals() {
    for (std::size_t i = 0; i < signals.size(); ++i) std::signal(signals[i], before_[i]);
  }

 private:
  static constexpr std::array<int, 3> signals{SIGINT, SIGTERM, SIGHUP};
  std::array<void (*)(int), signals.size()> before_{};
};

bool wants_words(const CommonOptions& common) {
  return !common.is_quiet && common.progress != ProgressMode::none && common.progress != ProgressMode::json;
}

bool is_under_way(const RunRecord& run) { return !is_finished(run) && status_of(run) != RunStatus::paused; }

int report_left(const CommonOptions& common, const RunRecord& run, int signal) {
  say(fmt::format("The daemon goes on with run {}. To pause it: sluice pause {}{}\n", run.id.value,
                  run.id.value, option_text("--store", common.store)));
  return 128 + signal;
}

}  // namespace

ExitCode follow_run(const CommonOptions& common, StoreReader& store, RunId run) {
  const NotedSignals signals;
  if (wants_words(common)) say(fmt::format("run {}: the daemon sends it\n", run.value));
  auto next_word_at = steady_clock::now() + word_interval;
  while (true) {
    // Asked first: a run that ends as its sender leaves is seen to have ended.
    const bool has_sender = store.has_owner();
    const Result<RunRecord> record = find_run(store, run);
    if (record.has_error()) return record.error();
    if (!is_under_way(*record) || !has_sender) {
      report_final(common, {*record});
      if (!has_sender && is_under_way(*record)) {
        say(fmt::format("The daemon has left run {} unfinished, and goes on with it when it is back.\n",
                        run.value));
      }
      return exit_code_of(*record);
    }
    if (signal_that_came != 0) return report_left(common, *record, signal_that_came);
    if (wants_words(common) && steady_clock::now() >= next_word_at) {
      const std::int64_t devices = total(record->devices);
      say(fmt::format("run {}: {} of {} done\n", run.value, grouped(devices - unfinished(record->devices)),
                      counted(devices, "device")));
      next_word_at = steady_clock::now() + word_interval;
    }
    std::this_thread::sleep_for(look_interval);
  }
}

}  // namespace sluice
