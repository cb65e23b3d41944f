// SPDX-License-Identifier: MIT
// How fast a long device list is read and checked for duplicates, and what that takes in memory.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "jobfile/seen_devices.hpp"
#include "sluice/jobfile/device_list.hpp"

namespace {

/// A file of that many names, 15 bytes each, removed at the end.
class NamesFile {
 public:
  NamesFile(std::int64_t names, std::string_view ending) {
    path_ = fmt::format("/tmp/sluice_bench_XXXXXX{}", ending);
    const int descriptor = ::mkstemps(path_.data(), static_cast<int>(ending.size()));
    std::FILE* const file = ::fdopen(descriptor, "w");
    if (ending == ".csv") fmt::print(file, "device,site\n");
    for (std::int64_t i = 0; i < names; ++i) {
      fmt::print(file, "device-{:07}{}\n", i, ending == ".csv" ? ",berlin" : "");
    }
    std::fclose(file);
  }
  ~NamesFile() { ::unlink(path_.c_str()); }
  NamesFile(const NamesFile&) = delete;
  NamesFile& operator=(const NamesFile&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

void read_list(benchmark::State& state, std::string_view ending) {
  const NamesFile file(state.range(0), ending);
  for (auto _ : state) {
    auto list = sluice::DeviceList::open({{}, file.path(), ""});
    if (!list) std::abort();
    std::string chunk;
    for (;;) {
      chunk.clear();
      const auto read = list->read(100, chunk);
      if (!read) std::abort();
      if (*read == 0) break;
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void read_text_list(benchmark::State& state) { read_list(state, ".txt"); }
BENCHMARK(read_text_list)->Arg(10'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

void read_csv_list(benchmark::State& state) { read_list(state, ".csv"); }
BENCHMARK(read_csv_list)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

void remember_devices(benchmark::State& state) {
  std::size_t bytes = 0;
  for (auto _ : state) {
    sluice::SeenDevices seen(1);
    for (std::int64_t i = 0; i < state.range(0); ++i) seen.add(fmt::format_int(i).c_str());
    bytes = seen.bytes();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["bytes_per_device"] = static_cast<double>(bytes) / static_cast<double>(state.range(0));
}
BENCHMARK(remember_devices)->Arg(100'000)->Arg(1'000'000)->Arg(4'000'000)->Unit(benchmark::kMillisecond);

}  // namespace
