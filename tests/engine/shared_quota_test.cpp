// SPDX-License-Identifier: MIT
// Others use the same account: what is left is found, used and shown, and nobody starves.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <deque>

#include "support/engine_bench.hpp"

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;

namespace {

constexpr SteadyTime bench_start{1h};

/// An account's limit of ten requests in any second, of which others take some, evenly spaced.
class SharedAccount {
 public:
  SharedAccount(double others_per_second, SteadyTime others_until)
      : gap_(static_cast<std::int64_t>(1e9 / others_per_second)), others_until_(others_until) {}

  ScriptedAnswer answer(const SentRequest& sent) {
    for (; next_of_others_ <= sent.at && next_of_others_ < others_until_; next_of_others_ += gap_) {
      ++others_asked;
      others_admitted += admits(next_of_others_) ? 1 : 0;
    }
    ++asked;
    const bool is_admitted = admits(sent.at);
    throttled += is_admitted ? 0 : 1;
    return {50ms, is_admitted ? accepted_answer() : gateway_refusal(429, "Throttling.User")};
  }

  int asked = 0;
  int throttled = 0;
  int others_asked = 0;
  int others_admitted = 0;

 private:
  bool admits(SteadyTime at) {
    while (!admitted_.empty() && admitted_.front() <= at - 1s) admitted_.pop_front();
    if (admitted_.size() >= 10) return false;
    admitted_.push_back(at);
    return true;
  }

  std::chrono::nanoseconds gap_;
  SteadyTime others_until_;
  SteadyTime next_of_others_ = bench_start;
  std::deque<SteadyTime> admitted_;
};

}  // namespace

TEST_CASE(
    "shared quota: of what others leave at least four fifths is used, and their share is told within 1/s") {
  for (const double others : {2.0, 4.0, 6.0}) {
    CAPTURE(others);
    SharedAccount account{others, SteadyTime::max()};
    EngineBench bench{[&account](const SentRequest& sent, std::size_t) { return account.answer(sent); }};
    const RunId run = bench.submit(60'000);

    REQUIRE(bench.dispatch().has_value());

    CHECK(bench.record(run).devices.accepted == 60'000);
    const auto& sent = bench.cloud.sent();
    const double seconds = std::chrono::duration<double>(sent.back().at - sent.front().at).count();
    CHECK(600 / seconds >= 0.8 * (10 - others));
    CHECK(account.throttled <= 0.05 * account.asked);
    // Whose request finds the window full is a matter of who comes first, so some of it is theirs.
    CHECK(account.others_admitted >= 0.75 * account.others_asked);

    REQUIRE_FALSE(bench.observer.others.empty());
    CHECK(std::abs(bench.observer.others.back() - others) <= 1);
  }
}

TEST_CASE("shared quota: from half a minute on the estimate of a steady use stays within 1/s") {
  SharedAccount account{4.0, SteadyTime::max()};
  EngineBench* watched = nullptr;
  std::vector<double> after_half_a_minute;
  EngineBench bench{[&](const SentRequest& sent, std::size_t) {
    if (sent.at > bench_start + 30s) after_half_a_minute.push_back(watched->observer.others.back());
    return account.answer(sent);
  }};
  watched = &bench;
  bench.submit(60'000);

  REQUIRE(bench.dispatch().has_value());

  REQUIRE(after_half_a_minute.size() > 100);
  const auto [least, most] = std::ranges::minmax(after_half_a_minute);
  CHECK(least >= 3);
  CHECK(most <= 5);
}

TEST_CASE(
    "shared quota: when the others have gone, full rate is back within a minute and they are forgotten") {
  SharedAccount account{4.0, bench_start + 60s};
  EngineBench bench{[&account](const SentRequest& sent, std::size_t) { return account.answer(sent); }};
  bench.submit(180'000);

  REQUIRE(bench.dispatch().has_value());

  const auto is_late = [](const SentRequest& sent) {
    return sent.at >= bench_start + 120s && sent.at < bench_start + 130s;
  };
  CHECK(std::ranges::count_if(bench.cloud.sent(), is_late) >= 97);
  CHECK(bench.observer.rates.back() == 10);
  CHECK(bench.observer.others.back() == 0);
}

TEST_CASE(
    "shared quota: a run that may use a part of the account only does not take its own limit for the "
    "account's") {
  SharedAccount account{4.0, SteadyTime::max()};
  EngineBench bench{[&account](const SentRequest& sent, std::size_t) { return account.answer(sent); }};
  bench.submit(60'000);

  const auto part = [](DispatcherConfig& config) {
    config.requests_per_second = 8;
    config.account_limit = 10;
  };
  REQUIRE(bench.dispatch(part).has_value());

  REQUIRE_FALSE(bench.observer.others.empty());
  CHECK(bench.observer.others.back() >= 3);
  CHECK(bench.observer.others.back() <= 5);
}

TEST_CASE("shared quota: an account that has nothing left for us is asked once a second, until it has") {
  EngineBench bench{[](const SentRequest& sent, std::size_t) {
    const bool is_free = sent.at >= bench_start + 10min;
    return ScriptedAnswer{50ms, is_free ? accepted_answer() : gateway_refusal(429, "Throttling.User")};
  }};
  const RunId run = bench.submit(60'000);

  REQUIRE(bench.dispatch().has_value());

  CHECK(bench.record(run).throttled <= 10 * 60 + 30);
  CHECK(bench.record(run).devices.accepted == 60'000);
}
