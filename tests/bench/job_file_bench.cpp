// SPDX-License-Identifier: MIT
// How fast a job file is read: one as operators write it, and the worst that the size limit lets through.
#include <benchmark/benchmark.h>

#include <string>

#include "bench/must.hpp"
#include "sluice/jobfile/job_file.hpp"

namespace {

void read_typical_job_file(benchmark::State& state) {
  const std::string text = R"({
  // A comment, as there are in files that people write.
  "name": "fw-2.14-config",
  "call": {
    "product_key": "a1BwAGVxxxx",
    "identifier": "Set",
    "args": {"version": "2.14.0", "ratio": 10.0, "servers": ["eu-1", "eu-2"], "limits": {"up": 1, "down": 2}},
    "qos": 1,
  },
  "targets": {"devices_file": "fleet.txt"},
  "chunk_size": 100,
  "rate": 8,
  "safe_to_repeat": false,
  "retry": {"max_attempts": 5, "base": "500ms", "cap": "60s", "deadline": "6h"},
})";
  for (auto _ : state) benchmark::DoNotOptimize(sluice::bench::must(sluice::read_job("bench.json", text)));
}
BENCHMARK(read_typical_job_file)->Unit(benchmark::kMicrosecond);

/// One MiB of the most numerous values: what a hostile job file costs at most.
void read_worst_job_file(benchmark::State& state) {
  std::string text = "{\"a\":1";
  while (text.size() + 8 < 1024 * 1024) text += ",\"a\":1";
  text += '}';
  for (auto _ : state) benchmark::DoNotOptimize(sluice::read_job("bench.json", text));
}
BENCHMARK(read_worst_job_file)->Unit(benchmark::kMillisecond);

}  // namespace
