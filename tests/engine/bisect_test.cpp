// SPDX-License-Identifier: MIT
// Bad devices in the list, on virtual time: what it costs to find them, that all others are served once, and
// when splitting stops because it is the job that is bad.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "sluice/core/split_guard.hpp"
#include "support/engine_bench.hpp"

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;

namespace {

constexpr const char* no_such_device = "iot.device.NotExistedDevice";

/// A cloud that refuses every list with one of these devices in it as a whole, and counts what it executes.
class PickyCloud {
 public:
  explicit PickyCloud(std::set<std::string> bad) : bad_(std::move(bad)) {}

  ScriptedAnswer operator()(const SentRequest& sent, std::size_t) {
    const bool is_refused = std::any_of(sent.devices.begin(), sent.devices.end(),
                                        [this](const std::string& name) { return bad_.contains(name); });
    if (is_refused) return {50ms, product_refusal(no_such_device)};
    for (const std::string& device : sent.devices) ++executed[device];
    return {50ms, accepted_answer()};
  }

  std::map<std::string, int> executed;

 private:
  std::set<std::string> bad_;
};

Script script_of(PickyCloud& cloud) {
  return [&cloud](const SentRequest& sent, std::size_t n) { return cloud(sent, n); };
}

std::string device(int number) { return fmt::format("dev-{:05}", number); }

std::set<std::string> first_devices(int count) {
  std::set<std::string> names;
  for (int i = 0; i < count; ++i) names.insert(device(i));
  return names;
}

void unguarded(DispatcherConfig& config) {
  for (const auto& [run, job] : config.runs) config.splits_unguarded.insert(run);
}

/// In the order of the list, each with its state.
struct Listed {
  std::string name;
  ChunkState state;
  std::string code;
};

std::vector<Listed> results_of(EngineBench& bench, RunId run) {
  std::vector<Listed> rows;
  const auto remember = [&rows](const DeviceResult& row) {
    rows.push_back({std::string{row.device}, row.state, std::string{row.code}});
    return true;
  };
  REQUIRE(bench.store->for_each_device(run, {}, remember).has_value());
  return rows;
}

}  // namespace

TEST_CASE("bisecting: random bad devices cost few requests each, fail with the code, and no other suffers") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 dice{seed};
  for (int round = 0; round < 20; ++round) {
    const int n = std::uniform_int_distribution<int>{1, 2'000}(dice);
    const int k = std::uniform_int_distribution<int>{0, std::min(n, 12)}(dice);
    CAPTURE(n);
    CAPTURE(k);
    std::set<std::string> bad;
    while (static_cast<int>(bad.size()) < k) {
      bad.insert(device(std::uniform_int_distribution<int>{0, n - 1}(dice)));
    }
    PickyCloud cloud{bad};
    EngineBench bench{script_of(cloud)};
    const RunId run = bench.submit(n);

    REQUIRE(bench.dispatch(unguarded).has_value());

    const double chunks = std::ceil(n / 100.0);
    const double extra = static_cast<double>(bench.cloud.sent().size()) - chunks;
    CHECK(extra <= k * (2 * std::log2(100.0) + 2));
    CHECK(cloud.executed.size() == static_cast<std::size_t>(n - k));
    for (const auto& [name, times] : cloud.executed) CHECK_MESSAGE(times == 1, name);
    // The leaves partition the list: each device stands in its place, once.
    const std::vector<Listed> rows = results_of(bench, run);
    REQUIRE(rows.size() == static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i) {
      const Listed& row = rows[static_cast<std::size_t>(i)];
      CHECK(row.name == device(i));
      CHECK((row.state == ChunkState::failed) == bad.contains(row.name));
      if (row.state == ChunkState::failed) CHECK(row.code == no_such_device);
    }
    const StateCounts expected{.accepted = n - k, .failed = k};
    CHECK(bench.record(run).devices == expected);
  }
}

TEST_CASE("bisecting: neither silence nor an unclear answer nor a refused replay splits a chunk") {
  const std::vector<std::vector<Reply>> stories{
      {silence(), silence(), silence()},
      {gateway_refusal(500, "InternalError")},
      {silence(), product_refusal(no_such_device)},
  };
  for (const std::vector<Reply>& story : stories) {
    EngineBench bench{[&story](const SentRequest&, std::size_t n) {
      return ScriptedAnswer{1s, n < story.size() ? story[n] : Reply{accepted_answer()}};
    }};
    const RunId run = bench.submit(100);

    REQUIRE(bench.dispatch().has_value());

    CHECK(bench.cloud.sent().size() == story.size());
    CHECK(bench.record(run).chunks == StateCounts{.in_doubt = 1});
  }
}

TEST_CASE(
    "split guard: a fleet that is refused chunk by chunk pauses its run, and not one device is failed") {
  PickyCloud cloud{first_devices(5'000)};
  EngineBench bench{script_of(cloud)};
  const RunId run = bench.submit(5'000);

  REQUIRE(bench.dispatch().has_value());

  const RunRecord record = bench.record(run);
  CHECK(record.control == RunControl::paused);
  CHECK(is_split_guard_reason(record.control_reason));
  CHECK(record.control_reason.find(no_such_device) != std::string::npos);
  CHECK(record.devices == StateCounts{.pending = 5'000});
  // Two were split before the third said that it is not the devices.
  CHECK(record.chunks.split == 2);
  CHECK(bench.cloud.sent().size() <= 6);
}

TEST_CASE("split guard: a single chunk of which all six first parts are refused is not split any further") {
  PickyCloud cloud{first_devices(100)};
  EngineBench bench{script_of(cloud)};
  const RunId run = bench.submit(100);

  REQUIRE(bench.dispatch().has_value());

  const RunRecord record = bench.record(run);
  CHECK(is_split_guard_reason(record.control_reason));
  CHECK(record.devices == StateCounts{.pending = 100});
  // The chunk, its halves, and of the quarters those that were not split before the sixth part was refused.
  CHECK(bench.cloud.sent().size() <= 9);
}

TEST_CASE("split guard: whoever resumes a run that it paused gets the devices split down to the bad ones") {
  PickyCloud cloud{first_devices(40)};
  EngineBench bench{script_of(cloud)};
  const RunId run = bench.submit(40);
  REQUIRE(bench.dispatch().has_value());
  REQUIRE(bench.record(run).control == RunControl::paused);

  REQUIRE(
      bench.store->set_run_control({.run = run, .control = RunControl::active, .now = bench.clock.utc_now()})
          .has_value());
  REQUIRE(bench
              .dispatch([&bench](DispatcherConfig& config) {
                unguarded(config);
                config.not_before = bench.clock.steady_now() + 1s;
              })
              .has_value());

  CHECK(bench.record(run).devices == StateCounts{.failed = 40});
  CHECK(cloud.executed.empty());
}

TEST_CASE("split guard: one accepted chunk shows that the job is good, however many devices are bad") {
  // The first chunk is good; of all others every device is bad.
  std::set<std::string> bad = first_devices(1'000);
  for (int i = 0; i < 100; ++i) bad.erase(device(i));
  PickyCloud cloud{bad};
  EngineBench bench{script_of(cloud)};
  const RunId run = bench.submit(1'000);

  REQUIRE(bench.dispatch().has_value());

  CHECK(bench.record(run).devices == StateCounts{.accepted = 100, .failed = 900});
}

TEST_CASE("split guard: chunks of one device are failed one by one, as the list says") {
  PickyCloud cloud{first_devices(1)};
  EngineBench bench{script_of(cloud)};
  const RunId run = bench.submit(1);

  REQUIRE(bench.dispatch().has_value());

  CHECK(bench.record(run).devices == StateCounts{.failed = 1});
}
