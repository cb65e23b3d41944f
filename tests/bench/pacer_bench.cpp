// SPDX-License-Identifier: MIT
// What deciding about one send costs: when it may go, that it went, that its answer came.
#include <benchmark/benchmark.h>

#include <chrono>

#include "sluice/core/pacer.hpp"

namespace {

using namespace std::chrono_literals;

void pace_one_request(benchmark::State& state) {
  const auto requests_per_second = static_cast<double>(state.range(0));
  sluice::Pacer pacer{requests_per_second, sluice::SteadyTime{}};
  const auto latency = std::chrono::nanoseconds{1s} / state.range(0) / 2;
  for (auto _ : state) {
    const sluice::SteadyTime now = pacer.next_send_at();
    const std::uint64_t send = pacer.sent(now);
    pacer.answered(send, now + latency);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(pace_one_request)->Arg(10)->Arg(1000);

}  // namespace
