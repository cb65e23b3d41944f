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

RunId EngineBench::submit(int devices, Job job) {
  job.name = "bench";
  job.call.product_key = "a1BwAGVxxxx";
  job.call.identifier = "Set";
  const Result<RunId> run = store->create_run({.job_name = job.name,
                                               .tenant = "t",
                                               .endpoint = "e",
                                               .job_text = "{}",
                                               .rate = 10,
                                               .created_at = clock.utc_now()});
  REQUIRE(run.has_value());
  std::vector<NewChunk> chunks;
  for (int first = 0; first < devices; first += 100) {
    NewChunk chunk;
    for (int i = first; i < std::min(first + 100, devices); ++i, ++chunk.devices) {
      chunk.names += fmt::format("dev-{:05}\n", i);
    }
    chunks.push_back(std::move(chunk));
  }
  REQUIRE(store->add_chunks(*run, chunks).has_value());
  REQUIRE(store->seal_run(*run, 0).has_value());
  jobs_[*run] = std::move(job);
  return *run;
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
  DispatcherConfig tweaked = config();
  if (tweak) tweak(tweaked);
  Dispatcher dispatcher{loop.get_executor(), *async_store_, cloud, clock, randomness_, observer, tweaked};
  return run(dispatcher, std::nullopt);
}

Result<void> EngineBench::dispatch_and_stop_after(std::chrono::nanoseconds delay) {
  Dispatcher dispatcher{loop.get_executor(), *async_store_, cloud, clock, randomness_, observer, config()};
  return run(dispatcher, clock.steady_now() + delay);
}

Result<void> EngineBench::run(Dispatcher& dispatcher, std::optional<SteadyTime> stop_at) {
  std::optional<Result<void>> done;
  asio::co_spawn(loop, dispatcher.run(), [&done](std::exception_ptr problem, Result<void> result) {
    if (problem) std::rethrow_exception(problem);
    done = std::move(result);
  });
  if (stop_at) {
    clock.run_until(*stop_at);
    dispatcher.stop();
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
