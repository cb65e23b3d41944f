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
#include "app/followed_progress.hpp"
#include "app/foreground_run.hpp"
#include "app/run_report.hpp"
#include "app/say.hpp"
#include "app/store_access.hpp"
#include "app/system_now.hpp"
#include "sluice/core/run_rules.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr auto look_interval = 200ms;
constexpr auto word_interval = 10s;
constexpr auto object_interval = 1s;

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

/// Tells of a followed run now and then, in the words or objects that were asked for.
class FollowedProgress {
 public:
  explicit FollowedProgress(const CommonOptions& common)
      : is_json_(!common.is_quiet && common.progress == ProgressMode::json),
        has_words_(wants_words(common)) {}

  void begin(RunId run) const {
    if (has_words_) say(fmt::format("run {}: the daemon sends it\n", run.value));
  }
  void look(const RunRecord& run) {
    const auto now = steady_clock::now();
    if (now < next_at_) return;
    if (is_json_) tell_object(run);
    if (has_words_ && next_at_ != steady_clock::time_point{}) tell_words(run);
    next_at_ = now + (is_json_ ? object_interval : word_interval);
  }
  /// Programs are told how it ended; people get the report.
  void finish(const RunRecord& run) const {
    if (is_json_) tell_object(run);
  }

 private:
  static void tell_object(const RunRecord& run) { say(followed_progress_json(run, system_now()) + "\n"); }
  static void tell_words(const RunRecord& run) {
    const std::int64_t devices = total(run.devices);
    say(fmt::format("run {}: {} of {} done\n", run.id.value, grouped(devices - unfinished(run.devices)),
                    counted(devices, "device")));
  }

  const bool is_json_;
  const bool has_words_;
  steady_clock::time_point next_at_{};
};

bool is_under_way(const RunRecord& run) { return !is_finished(run) && status_of(run) != RunStatus::paused; }

int report_left(const CommonOptions& common, const RunRecord& run, int signal) {
  say(fmt::format("The daemon goes on with run {}. To pause it: sluice pause {}{}\n", run.id.value,
                  run.id.value, option_text("--store", common.store)));
  return 128 + signal;
}

}  // namespace

ExitCode follow_run(const CommonOptions& common, StoreReader& store, RunId run) {
  const NotedSignals signals;
  FollowedProgress progress{common};
  progress.begin(run);
  while (true) {
    // Asked first: a run that ends as its sender leaves is seen to have ended.
    const bool has_sender = store.has_owner();
    const Result<RunRecord> record = find_run(store, run);
    if (record.has_error()) return record.error();
    if (!is_under_way(*record) || !has_sender) {
      progress.finish(*record);
      report_final(common, {*record});
      if (!has_sender && is_under_way(*record)) {
        say(fmt::format("The daemon has left run {} unfinished, and goes on with it when it is back.\n",
                        run.value));
      }
      return exit_code_of(*record);
    }
    if (signal_that_came != 0) return report_left(common, *record, signal_that_came);
    progress.look(*record);
    std::this_thread::sleep_for(look_interval);
  }
}

}  // namespace sluice
