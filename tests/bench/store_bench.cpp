// SPDX-License-Identifier: MIT
// The store on a real disk at full durability: import, the queue's cycle of claim and settle, streaming
// results. The file is made in the folder for temporary files; TMPDIR puts it on another disk.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "bench/must.hpp"
#include "sluice/store/open_store.hpp"

namespace {

using namespace sluice;
using bench::must;

constexpr UtcTime noon{std::chrono::seconds{1'800'000'000}};
constexpr int devices_per_chunk = 100;

/// A folder of its own for a store, removed at the end.
class StoreFolder {
 public:
  StoreFolder() {
    path_ = (std::filesystem::temp_directory_path() / "sluice-bench-XXXXXX").string();
    if (::mkdtemp(path_.data()) == nullptr) std::abort();
  }
  ~StoreFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  StoreFolder(const StoreFolder&) = delete;
  StoreFolder& operator=(const StoreFolder&) = delete;

  std::string store() const { return path_ + "/bench.db"; }

 private:
  std::string path_;
};

std::vector<NewChunk> slice_of(int chunks) {
  std::vector<NewChunk> slice(static_cast<std::size_t>(chunks));
  int device = 0;
  for (NewChunk& chunk : slice) {
    chunk.devices = devices_per_chunk;
    for (int i = 0; i < devices_per_chunk; ++i) chunk.names += fmt::format("device-{:07}\n", device++);
  }
  return slice;
}

RunId import_run(Store& store, int slices, const std::vector<NewChunk>& slice) {
  const RunId run = must(store.create_run({.job_name = "bench",
                                           .tenant = "bench",
                                           .endpoint = "https://iot.example",
                                           .job_text = "{}",
                                           .rate = 10,
                                           .created_at = noon}));
  for (int i = 0; i < slices; ++i) must(store.add_chunks(run, slice));
  must(store.seal_run(run, 0));
  return run;
}

AttemptIntent fresh_intent(const ClaimedChunk&) {
  static std::int64_t made = 0;
  return {.nonce = fmt::format("{:032x}", ++made),
          .timestamp = "2026-01-02T03:04:05Z",
          .key_id = "LTAIxxxxxxxxxxxxxxxxxxxx",
          .digest = std::string(64, 'd')};
}

std::vector<ClaimedChunk> claim(Store& store, int limit) {
  return must(
      store.claim({.tenant = "bench", .runs = {}, .limit = limit, .now = noon, .make_intent = fresh_intent}));
}

Settlement accepted(const ClaimedChunk& chunk) {
  return {.chunk = chunk.chunk,
          .attempt = chunk.attempt,
          .outcome = {.kind = OutcomeKind::accepted,
                      .code = {},
                      .message = {},
                      .request_id = "57b144cf-09fc-4916-a272-a62902d5b207",
                      .http_status = 200,
                      .retry_after = {}},
          .transition = {.state = ChunkState::succeeded, .evidence = Evidence::confirmed},
          .sent_at = noon,
          .settled_at = noon};
}

/// As the dispatcher's queue does it: one transaction for what is claimed together, one for what is settled
/// together.
std::size_t cycle(Store& store, int group) {
  must(store.begin());
  const std::vector<ClaimedChunk> claimed = claim(store, group);
  must(store.commit());
  must(store.begin());
  for (const ClaimedChunk& chunk : claimed) must(store.settle(accepted(chunk)));
  must(store.commit());
  return claimed.size();
}

void import_10000_chunks(benchmark::State& state) {
  const std::vector<NewChunk> slice = slice_of(200);
  for (auto _ : state) {
    state.PauseTiming();
    const StoreFolder folder;
    const std::unique_ptr<Store> store = must(open_store(folder.store(), noon));
    state.ResumeTiming();
    import_run(*store, 50, slice);
  }
  state.SetItemsProcessed(state.iterations() * 10'000);
}
BENCHMARK(import_10000_chunks)->Unit(benchmark::kMillisecond)->UseRealTime();

void claim_and_settle(benchmark::State& state) {
  const auto group = static_cast<int>(state.range(0));
  const std::vector<NewChunk> slice = slice_of(200);
  const StoreFolder folder;
  const std::unique_ptr<Store> store = must(open_store(folder.store(), noon));
  std::int64_t left = 0;
  std::int64_t cycles = 0;
  for (auto _ : state) {
    if (left < group) {
      state.PauseTiming();
      import_run(*store, 50, slice);
      left += 10'000;
      state.ResumeTiming();
    }
    const auto done = static_cast<std::int64_t>(cycle(*store, group));
    left -= done;
    cycles += done;
  }
  state.SetItemsProcessed(cycles);
}
BENCHMARK(claim_and_settle)
    ->ArgName("group")
    ->Arg(1)
    ->Arg(10)
    ->Arg(32)
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

/// A run of 10,000 chunks, all of them settled.
class SettledRun {
 public:
  SettledRun() {
    const std::unique_ptr<Store> store = must(open_store(folder_.store(), noon));
    import_run(*store, 50, slice_of(200));
    while (cycle(*store, 200) > 0) {
    }
  }
  std::unique_ptr<StoreReader> open() const { return must(open_store_reader(folder_.store())); }

 private:
  StoreFolder folder_;
};

void stream_1000000_results(benchmark::State& state) {
  static const SettledRun settled;
  const std::unique_ptr<StoreReader> reader = settled.open();
  std::int64_t rows = 0;
  for (auto _ : state) {
    must(reader->for_each_device(RunId{1}, {}, [&rows](const DeviceResult& row) {
      benchmark::DoNotOptimize(row.device);
      ++rows;
      return true;
    }));
  }
  state.SetItemsProcessed(rows);
}
BENCHMARK(stream_1000000_results)->Unit(benchmark::kMillisecond);

}  // namespace
