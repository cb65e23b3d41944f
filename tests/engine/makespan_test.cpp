// SPDX-License-Identifier: MIT
// What an unsteady service costs a run in time, on virtual time: the benchmark measures the same on real
// time.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "support/engine_bench.hpp"

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;

namespace {

/// One request in twenty is refused for a moment, one in a hundred lost, before or after it was executed, and
/// one in a hundred answered three seconds late. Remembers nonces and what was executed, as the cloud does.
class UnsteadyCloud {
 public:
  explicit UnsteadyCloud(std::uint64_t seed) : dice_(seed) {}

  ScriptedAnswer answer(const SentRequest& sent) {
    const bool is_stalled = happens(0.01);
    const std::chrono::nanoseconds delay = is_stalled ? 3050ms : 50ms;
    if (happens(0.005)) return {delay, silence()};
    const bool is_new = nonces_.insert(nonce_of(sent.request.body)).second;
    if (!is_new) return {delay, gateway_refusal(400, "SignatureNonceUsed")};
    if (happens(0.05)) return {delay, gateway_refusal(503, "ServiceUnavailable")};
    for (const std::string& device : sent.devices) twice += executed_.insert(device).second ? 0 : 1;
    if (happens(0.005)) return {delay, silence()};
    return {delay, accepted_answer()};
  }

  int twice = 0;  ///< devices that were executed once more

 private:
  bool happens(double probability) {
    return std::uniform_real_distribution<double>{0, 1}(dice_) < probability;
  }

  static std::string nonce_of(const std::string& body) {
    constexpr std::string_view name = "SignatureNonce=";
    const std::size_t begin = body.find(name) + name.size();
    return body.substr(begin, body.find('&', begin) - begin);
  }

  std::mt19937_64 dice_;
  std::set<std::string> nonces_;
  std::set<std::string> executed_;
};

}  // namespace

TEST_CASE(
    "makespan: through unsteady service, 100 chunks take at most a tenth longer than their requests must, in "
    "the median") {
  std::vector<double> ratios;
  for (std::uint64_t seed = 1; seed <= 101; ++seed) {
    CAPTURE(seed);
    UnsteadyCloud cloud{seed};
    EngineBench bench{[&cloud](const SentRequest& sent, std::size_t) { return cloud.answer(sent); }};
    Job job;
    job.safe_to_repeat = true;
    const RunId run = bench.submit(10'000, job);

    REQUIRE(bench.dispatch().has_value());

    const StateCounts devices = bench.record(run).devices;
    CHECK(devices.accepted + devices.presumed == 10'000);
    const double seconds =
        std::chrono::duration<double>(bench.observer.last_settled_at - bench.start).count();
    const double ideal = static_cast<double>(bench.cloud.sent().size() - 1) / 10;
    ratios.push_back(seconds / ideal);
  }

  std::ranges::sort(ratios);
  MESSAGE("makespan / ideal: median ", ratios[50], ", worst ", ratios.back());
  CHECK(ratios[50] <= 1.10);
}

TEST_CASE(
    "makespan: a job that is not repeatable loses no device to unsteady service, and executes none twice") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    CAPTURE(seed);
    UnsteadyCloud cloud{seed};
    EngineBench bench{[&cloud](const SentRequest& sent, std::size_t) { return cloud.answer(sent); }};
    const RunId run = bench.submit(10'000);

    REQUIRE(bench.dispatch().has_value());

    CHECK(cloud.twice == 0);
    const StateCounts devices = bench.record(run).devices;
    CHECK(devices.accepted + devices.presumed + devices.in_doubt == 10'000);
    CHECK(static_cast<std::int64_t>(bench.devices_in(run, ChunkState::in_doubt).size()) == devices.in_doubt);
  }
}
