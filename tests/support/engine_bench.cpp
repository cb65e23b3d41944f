// SPDX-License-Identifier: MIT
#include "support/engine_bench.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>

#include "sluice/store/open_store.hpp"

namespace sluice::test {
namespace asio = boost::asio;

EngineBench::EngineBench(Script script) : cloud(clock, std::move(script)) {
  const BootClock boot_clock{.boot_id = "bench",
                             .since_boot = [this] { return clock.steady_now().time_since_epoch(); }};
  Result<std::unique_ptr<Store>> opened = open_memory_store(clock.utc_now(), boot_clock);
  REQUIRE(opened.has_value());
  store = std::make_unique<UnsteadyStore>(std::move(*opened));
  async_store_ = std::make_unique<AsyncStore>(*store, loop.get_executor(), loop.get_executor());
}

RunId EngineBench::submit(int devices, Job job, const std::vector<int>& stages) {
  job.name = "bench";
  job.call.product_key = "a1BwAGVxxxx";
  job.call.identifier = "Set";
  NewRun run{.job_name = job.name,
             .tenant = "t",
             .endpoint = "e",
             .job_text = "{}",
             .rate = 10,
             .created_at = clock.utc_now()};
  for (std::size_t i = 0; i < stages.size(); ++i)
    run.stages.push_back({job.rollout.stages.at(i).name, stages[i]});
  const Result<RunId> id = store->create_run(run);
  REQUIRE(id.has_value());
  std::vector<NewChunk> chunks;
  int first = 0;
  const std::vector<int> parts = stages.empty() ? std::vector<int>{devices} : stages;
  for (std::size_t stage = 0; stage < parts.size(); ++stage) {
    const int end = first + parts[stage];
    while (first < end) {
      NewChunk chunk{.stage = static_cast<int>(stage) + 1};
      for (; first < end && chunk.devices < 100; ++first, ++chunk.devices) {
        chunk.names += fmt::format("dev-{:05}\n", first);
      }
      chunks.push_back(std::move(chunk));
    }
  }
  REQUIRE(first == devices);
  REQUIRE(store->add_chunks(*id, chunks).has_value());
  REQUIRE(store->seal_run(*id, 0).has_value());
  jobs_[*id] = std::move(job);
  return *id;
}

DispatcherConfig EngineBench::config() const {
  return {.tenant = "t",
          .runs = jobs_,
          .endpoint = "https://cloud",
          .dialect = {},
          .credentials = {"testid", Secret{"testsecret"}, {}},
          .requests_per_second = 10,
          .in_flight_max = 32,
          .not_before = start};
}

Result<void> EngineBench::dispatch(const std::function<void(DispatcherConfig&)>& tweak) {
  return dispatch_with({}, tweak);
}

Result<void> EngineBench::dispatch_and_stop_after(std::chrono::nanoseconds delay) {
  return dispatch_with({{delay, [](Dispatcher& dispatcher) { dispatcher.stop(); }}});
}

Result<void> EngineBench::dispatch_with(
    const std::vector<std::pair<std::chrono::nanoseconds, Action>>& actions,
    const std::function<void(DispatcherConfig&)>& tweak) {
  DispatcherConfig tweaked = config();
  if (tweak) tweak(tweaked);
  Dispatcher dispatcher{loop.get_executor(), *async_store_, cloud, clock, randomness_, observer, tweaked};
  std::vector<std::pair<SteadyTime, Action>> timed;
  for (const auto& [delay, action] : actions) timed.emplace_back(clock.steady_now() + delay, action);
  return run(dispatcher, timed);
}

Result<void> EngineBench::run(Dispatcher& dispatcher,
                              const std::vector<std::pair<SteadyTime, Action>>& actions) {
  std::optional<Result<void>> done;
  asio::co_spawn(loop, dispatcher.run(), [&done](std::exception_ptr problem, Result<void> result) {
    if (problem) std::rethrow_exception(problem);
    done = std::move(result);
  });
  for (const auto& [at, action] : actions) {
    clock.run_until(at);
    action(dispatcher);
  }
  clock.run();
  REQUIRE_MESSAGE(done.has_value(), "the dispatcher waits for something that never comes");
  quiet_until = dispatcher.quiet_until();
  return *done;
}

RunRecord EngineBench::record(RunId run) {
  const Result<std::optional<RunRecord>> found = store->run(run);
  REQUIRE(found.has_value());
  REQUIRE(found->has_value());
  return **found;
}

std::vector<std::string> EngineBench::devices_in(RunId run, ChunkState state) {
  std::vector<std::string> devices;
  const auto remember = [&devices](const DeviceResult& row) {
    devices.emplace_back(row.device);
    return true;
  };
  REQUIRE(store->for_each_device(run, {.state = state, .evidence = {}}, remember).has_value());
  return devices;
}

}  // namespace sluice::test
