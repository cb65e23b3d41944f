// SPDX-License-Identifier: MIT
#include "app/rate_proof.hpp"

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <random>
#include <vector>

using namespace sluice;
using namespace std::chrono_literals;
using std::chrono::microseconds;

namespace {

constexpr UtcTime origin{1'700'000'000s};

std::vector<UtcTime> sends_at(const std::vector<std::int64_t>& microseconds_after_origin) {
  std::vector<UtcTime> times;
  for (const std::int64_t us : microseconds_after_origin) times.push_back(origin + microseconds{us});
  return times;
}

std::vector<UtcTime> evenly(int count, microseconds interval) {
  std::vector<UtcTime> times;
  for (int i = 0; i < count; ++i) times.push_back(origin + i * interval);
  return times;
}

}  // namespace

TEST_CASE(
    "rate proof: sends exactly one second apart do not share a window, a microsecond less and they do") {
  CHECK(prove_rate(sends_at({0, 1'000'000}), 1, 0).most == 1);
  CHECK(prove_rate(sends_at({0, 1'000'000}), 1, 0).verdict == RateVerdict::held);
  CHECK(prove_rate(sends_at({0, 999'999}), 1, 0).most == 2);
  CHECK(prove_rate(sends_at({0, 999'999}), 1, 0).verdict == RateVerdict::exceeded);
}

TEST_CASE("rate proof: the perfect pace of 10 a second holds 10 and uses all of the quota") {
  const RateProof proof = prove_rate(evenly(100, 100ms), 10, 0);

  CHECK(proof.sends == 100);
  CHECK(proof.most == 10);
  CHECK(proof.smallest_gap == 100ms);
  CHECK(proof.span == 9900ms);
  CHECK(*proof.quota_used == doctest::Approx(1.0));
  CHECK(proof.verdict == RateVerdict::held);
}

TEST_CASE("rate proof: one early send is found, and where") {
  std::vector<UtcTime> times = evenly(40, 100ms);
  times[25] -= 1us;

  const RateProof proof = prove_rate(times, 10, 0);

  CHECK(proof.most == 11);
  CHECK(proof.fullest_at == origin + 1500ms);
  CHECK(proof.verdict == RateVerdict::exceeded);
}

TEST_CASE("rate proof: sends at the same microsecond are counted each") {
  const RateProof proof = prove_rate(sends_at({5, 5, 5}), 2, 0);

  CHECK(proof.most == 3);
  CHECK(proof.smallest_gap == 0us);
  CHECK_FALSE(proof.quota_used);
}

TEST_CASE("rate proof: a fractional limit is rounded up in a second") {
  CHECK(prove_rate(evenly(50, 400ms), 2.5, 0).allowed == 3);
  CHECK(prove_rate(evenly(50, 400ms), 2.5, 0).verdict == RateVerdict::held);
  CHECK(prove_rate(evenly(50, 300ms), 2.5, 0).verdict == RateVerdict::exceeded);
}

TEST_CASE("rate proof: below one a second the window is the interval of one send") {
  CHECK(prove_rate(evenly(5, 2s), 0.5, 0).verdict == RateVerdict::held);
  CHECK(prove_rate(evenly(5, 1500ms), 0.5, 0).verdict == RateVerdict::exceeded);
  CHECK(prove_rate(sends_at({0, 3'333'334, 6'666'667}), 0.3, 0).verdict == RateVerdict::held);
}

TEST_CASE("rate proof: a single send and none at all hold any limit") {
  CHECK(prove_rate({}, 10, 0).verdict == RateVerdict::held);
  CHECK_FALSE(prove_rate({}, 10, 0).fullest_at);
  CHECK(prove_rate(sends_at({7}), 10, 0).most == 1);
  CHECK_FALSE(prove_rate(sends_at({7}), 10, 0).smallest_gap);
}

TEST_CASE("rate proof: unknown sends leave the verdict open only where they could have broken the limit") {
  CHECK(prove_rate(evenly(100, 100ms), 10, 1).verdict == RateVerdict::undecided);
  CHECK(prove_rate(evenly(100, 200ms), 10, 5).verdict == RateVerdict::held);
  CHECK(prove_rate(evenly(100, 200ms), 10, 6).verdict == RateVerdict::undecided);
  CHECK(prove_rate(evenly(100, 50ms), 10, 1).verdict == RateVerdict::exceeded);
}

TEST_CASE("rate proof: agrees with counting every window by hand on random sends") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random{seed};
  std::uniform_int_distribution<std::int64_t> gap{0, 400'000};
  for (int round = 0; round < 50; ++round) {
    std::vector<std::int64_t> times{0};
    for (int i = 0; i < 60; ++i) times.push_back(times.back() + gap(random));
    std::int64_t most = 0;
    for (const std::int64_t begin : times) {
      most = std::max<std::int64_t>(
          most, std::ranges::count_if(times, [&](auto t) { return t >= begin && t < begin + 1'000'000; }));
    }

    CHECK(prove_rate(sends_at(times), 10, 0).most == most);
  }
}

TEST_CASE("rate proof: the text says how many, how long, how full, and the verdict") {
  CHECK(rate_proof_text(prove_rate(evenly(100, 100ms), 10, 0), "run 7") ==
        "run 7: 100 sends in 9.90 s; at most 10 in any window of 1 s (limit 10): held. 100.0 % of the quota "
        "used. "
        "Smallest gap 100.000 ms.\n");
  CHECK(rate_proof_text(prove_rate({}, 10, 0), "run 7") == "run 7: no sends on record (limit 10).\n");
}

TEST_CASE("rate proof: the text names the unknown sends") {
  const std::string text = rate_proof_text(prove_rate(evenly(100, 100ms), 10, 2), "run 7");

  CHECK(text.find("undecided") != std::string::npos);
  CHECK(text.find("2 attempts were cut off by a crash") != std::string::npos);
  CHECK(text.find("held") == std::string::npos);
}

TEST_CASE("rate proof: the JSON parses and holds the numbers as numbers") {
  const auto json = boost::json::parse(rate_proof_json(prove_rate(evenly(100, 100ms), 10, 2), "run 7"));

  CHECK(json.at("schema_version") == 1);
  CHECK(json.at("verdict") == "undecided");
  CHECK(json.at("most_in_window") == 10);
  CHECK(json.at("unknown") == 2);
  CHECK(json.at("smallest_gap_us") == 100'000);
  CHECK(boost::json::parse(rate_proof_json(prove_rate({}, 0.5, 0), "x")).at("quota_used").is_null());
}
