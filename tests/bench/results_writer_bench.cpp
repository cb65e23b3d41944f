// SPDX-License-Identifier: MIT
// How fast rows of results become text, without a store and without a file.
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstddef>
#include <string_view>

#include "app/results_writer.hpp"
#include "bench/must.hpp"

namespace {

using namespace sluice;

const DeviceResult row{.device = "device-0000001",
                       .state = ChunkState::failed,
                       .evidence = Evidence::none,
                       .chunk = ChunkId{4711},
                       .attempts = 2,
                       .request_id = "57b144cf-09fc-4916-a272-a62902d5b207",
                       .code = "iot.device.NotExistedDevice",
                       .message = "The device does not exist, says \"the cloud\".",
                       .settled_at = UtcTime{std::chrono::seconds{1'800'000'000}}};

void write_results(benchmark::State& state, ResultsFormat format) {
  constexpr int rows = 1000;
  std::size_t bytes = 0;
  for (auto _ : state) {
    ResultsWriter writer{{.format = format, .run = RunId{1}, .raw = false, .columns = 0},
                         [&bytes](std::string_view block) -> Result<void> {
                           bytes += block.size();
                           return {};
                         }};
    for (int i = 0; i < rows; ++i) benchmark::DoNotOptimize(writer.write(row));
    bench::must(writer.finish());
  }
  state.SetItemsProcessed(state.iterations() * rows);
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}
BENCHMARK_CAPTURE(write_results, ndjson, ResultsFormat::ndjson)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(write_results, csv, ResultsFormat::csv)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(write_results, table, ResultsFormat::table)->Unit(benchmark::kMicrosecond);

}  // namespace
