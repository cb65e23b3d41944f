// SPDX-License-Identifier: MIT
// The engine on a bench: the shipped dispatcher and the real store in memory, on virtual time, before a
// scripted cloud.
#pragma once

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "clock/virtual_clock.hpp"
#include "engine/seeded_randomness.hpp"
#include "sluice/engine/dispatcher.hpp"
#include "sluice/engine/observer.hpp"
#include "sluice/store/async_store.hpp"
#include "sluice/store/store.hpp"
#include "support/scripted_cloud.hpp"
#include "support/unsteady_store.hpp"

namespace sluice::test {

class RecordingObserver : public Observer {
 public:
  void attempt_sent(const AttemptSent& event, SteadyTime) override { sent.push_back(event); }
  void attempt_settled(const AttemptSettled& event, SteadyTime at) override {
    settled.push_back(event);
    last_settled_at = at;
  }
  void rate_changed(double requests_per_second) override { rates.push_back(requests_per_second); }
  void endpoint_lost(std::string_view) override { ++times_lost; }
  void endpoint_back() override { ++times_back; }
  void stage_changed(const StageNews& news) override {
    stages.push_back(fmt::format("{}/{} {}", news.stage, news.stages, news.waits_for));
  }
  void others_use(double requests_per_second) override { others.push_back(requests_per_second); }
  void retries_held(bool are_held) override { times_held += are_held ? 1 : 0; }
  void store_held(bool is_held) override { times_store_held += is_held ? 1 : 0; }
  void run_left(RunId run) override { left.push_back(run); }

  std::vector<AttemptSent> sent;
  std::vector<AttemptSettled> settled;
  std::vector<double> rates;
  std::vector<double> others;
  std::vector<std::string> stages;
  std::vector<RunId> left;
  SteadyTime last_settled_at;
  int times_lost = 0;
  int times_back = 0;
  int times_held = 0;
  int times_store_held = 0;
};

class EngineBench {
 public:
  explicit EngineBench(Script script);

  /// A sealed run over dev-00000, dev-00001, … @param stages how many of them each stage of the job has
  RunId submit(int devices, Job job = {}, const std::vector<int>& stages = {});

  /// Dispatches the runs that were submitted until nothing more happens. @param tweak changes the
  /// configuration
  Result<void> dispatch(const std::function<void(DispatcherConfig&)>& tweak = {});
  /// The same, with the dispatcher told to stop that long after the start.
  Result<void> dispatch_and_stop_after(std::chrono::nanoseconds delay);
  /// The same, and at its time, counted from now, each action is taken. In the order of their times.
  using Action = std::function<void(Dispatcher&)>;
  Result<void> dispatch_with(const std::vector<std::pair<std::chrono::nanoseconds, Action>>& actions,
                             const std::function<void(DispatcherConfig&)>& tweak = {});

  /// The run, for a dispatcher that is at work already.
  RunToServe to_serve(RunId run) const { return {.id = run, .job = jobs_.at(run)}; }
  DispatcherConfig config() const;

  RunRecord record(RunId run);
  std::vector<std::string> devices_in(RunId run, ChunkState state);

  boost::asio::io_context loop;
  VirtualClock clock{loop};
  ScriptedCloud cloud;
  RecordingObserver observer;
  std::unique_ptr<UnsteadyStore> store;
  const SteadyTime start = clock.steady_now();
  SteadyTime quiet_until;  ///< as the last dispatcher said at its end

 private:
  Result<void> run(Dispatcher& dispatcher, const std::vector<std::pair<SteadyTime, Action>>& actions);

  SeededRandomness randomness_{42};
  std::unique_ptr<AsyncStore> async_store_;
  std::map<RunId, Job> jobs_;
};

}  // namespace sluice::test
