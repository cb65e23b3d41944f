// SPDX-License-Identifier: MIT
// A dispatcher that stays: it takes runs while it works, waits for more, and is told of another key or pace.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "sluice/core/run_rules.hpp"
#include "sluice/engine/dispatcher.hpp"
#include "support/engine_bench.hpp"

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;

namespace {

Script accepting(std::chrono::nanoseconds delay = 50ms) {
  return [delay](const SentRequest&, std::size_t) { return ScriptedAnswer{delay, accepted_answer()}; };
}

void stays(DispatcherConfig& config) { config.stays = true; }

const EngineBench::Action stop = [](Dispatcher& dispatcher) { dispatcher.stop(); };

bool is_signed_by(const SentRequest& sent, std::string_view key) {
  return sent.request.body.find("AccessKeyId=" + std::string{key}) != std::string::npos;
}

std::size_t most_in_a_second(const std::vector<SentRequest>& sent) {
  std::size_t most = 0;
  for (std::size_t first = 0, last = 0; last < sent.size(); ++last) {
    while (sent[last].at - sent[first].at >= 1s) ++first;
    most = std::max(most, last - first + 1);
  }
  return most;
}

}  // namespace

TEST_CASE("staying dispatcher: a run that comes later is sent at once, and none before it waits for it") {
  EngineBench bench{accepting()};
  const RunId first = bench.submit(300);
  RunId second;

  REQUIRE(bench
              .dispatch_with({{1h,
                               [&](Dispatcher& dispatcher) {
                                 second = bench.submit(200);
                                 dispatcher.serve(bench.to_serve(second));
                               }},
                              {2h, stop}},
                             stays)
              .has_value());

  CHECK(status_of(bench.record(first)) == RunStatus::succeeded);
  CHECK(status_of(bench.record(second)) == RunStatus::succeeded);
  REQUIRE(bench.cloud.sent().size() == 5);
  CHECK(bench.cloud.sent()[3].at == bench.start + 1h);
}

TEST_CASE("staying dispatcher: two runs share the pace, whenever they come, by their priorities") {
  EngineBench bench{accepting()};
  bench.submit(10'000);
  RunId urgent;

  REQUIRE(bench
              .dispatch_with({{2s,
                               [&](Dispatcher& dispatcher) {
                                 urgent = bench.submit(500, Job{.priority = Priority::emergency});
                                 dispatcher.serve(bench.to_serve(urgent));
                               }},
                              {1min, stop}},
                             stays)
              .has_value());

  CHECK(most_in_a_second(bench.cloud.sent()) <= 10);
  std::vector<AttemptSettled> of_urgent;
  std::ranges::copy_if(bench.observer.settled, std::back_inserter(of_urgent),
                       [urgent](const AttemptSettled& event) { return event.run == urgent; });
  CHECK(of_urgent.size() == 5);
  // Ten to one: five of its chunks within the next ten sends, whatever the other has left.
  const auto from_behind =
      std::ranges::find(bench.observer.sent.rbegin(), bench.observer.sent.rend(), urgent, &AttemptSent::run);
  CHECK(bench.observer.sent.rend() - from_behind <= 20 + 4 + 10);
}

TEST_CASE("staying dispatcher: a run is forgotten when it is finished, and not before") {
  EngineBench bench{accepting()};
  const RunId done = bench.submit(300);
  Job in_stages;
  in_stages.rollout.stages = {{.name = "canary", .gate = {}}, {.name = "rest", .gate = {}}};
  in_stages.rollout.stages[1].approval.emplace();
  const RunId waiting = bench.submit(200, in_stages, {100, 100});
  bool serves_done = true;
  bool serves_waiting = false;

  REQUIRE(bench
              .dispatch_with({{1min,
                               [&](Dispatcher& dispatcher) {
                                 serves_done = dispatcher.serves(done);
                                 serves_waiting = dispatcher.serves(waiting);
                               }},
                              {2min, stop}},
                             stays)
              .has_value());

  CHECK_FALSE(serves_done);
  CHECK(serves_waiting);
  CHECK(bench.observer.left == std::vector{done});
}

TEST_CASE("staying dispatcher: a paused run is forgotten, and sends the rest when it is served once more") {
  EngineBench bench{accepting()};
  const RunId run = bench.submit(2'000);

  REQUIRE(bench
              .dispatch_with({{1s, [&](Dispatcher& dispatcher) { dispatcher.pause(run); }},
                              {1min, [&](Dispatcher& dispatcher) { CHECK_FALSE(dispatcher.serves(run)); }},
                              {1h, [&](Dispatcher& dispatcher) { dispatcher.serve(bench.to_serve(run)); }},
                              {2h, stop}},
                             stays)
              .has_value());

  const auto early = std::ranges::count_if(
      bench.cloud.sent(), [&](const SentRequest& sent) { return sent.at <= bench.start + 1s; });
  const auto late = std::ranges::count_if(
      bench.cloud.sent(), [&](const SentRequest& sent) { return sent.at >= bench.start + 1h; });
  CHECK(early + late == 20);
  CHECK(bench.record(run).devices.accepted == 2'000);
}

TEST_CASE("staying dispatcher: a pause that comes before a run has begun holds") {
  EngineBench bench{accepting()};

  REQUIRE(bench
              .dispatch_with({{1s,
                               [&](Dispatcher& dispatcher) {
                                 const RunId run = bench.submit(300);
                                 dispatcher.serve(bench.to_serve(run));
                                 dispatcher.pause(run);
                               }},
                              {1min, stop}},
                             stays)
              .has_value());

  CHECK(bench.cloud.sent().empty());
}

TEST_CASE("staying dispatcher: after a change of the key, nothing new goes out with the old one") {
  EngineBench bench{accepting()};
  const RunId run = bench.submit(2'000);

  REQUIRE(bench
              .dispatch_with({{1s + 10ms,
                               [&](Dispatcher& dispatcher) {
                                 DispatcherConfig changed = bench.config();
                                 changed.credentials = {"newid", Secret{"newsecret"}, {}};
                                 dispatcher.reconfigure(changed);
                               }},
                              {1min, stop}},
                             stays)
              .has_value());

  REQUIRE(bench.cloud.sent().size() == 20);
  for (const SentRequest& sent : bench.cloud.sent()) {
    CAPTURE((sent.at - bench.start) / std::chrono::nanoseconds{1ms});
    CHECK(is_signed_by(sent, sent.at < bench.start + 1s + 10ms ? "testid" : "newid"));
  }
  CHECK(bench.record(run).devices.accepted == 2'000);
  CHECK(bench.record(run).requests == 20);
}

TEST_CASE("staying dispatcher: what was met with silence is repeated with the key it was sent with") {
  EngineBench bench{[](const SentRequest&, std::size_t n) {
    return n == 0 ? ScriptedAnswer{15s, silence()} : ScriptedAnswer{50ms, accepted_answer()};
  }};
  const RunId run = bench.submit(100);

  REQUIRE(bench
              .dispatch_with({{5s,
                               [&](Dispatcher& dispatcher) {
                                 DispatcherConfig changed = bench.config();
                                 changed.credentials = {"newid", Secret{"newsecret"}, {}};
                                 dispatcher.reconfigure(changed);
                               }},
                              {5min, stop}},
                             stays)
              .has_value());

  REQUIRE(bench.cloud.sent().size() == 2);
  CHECK(bench.cloud.sent()[1].request == bench.cloud.sent()[0].request);
  CHECK(bench.record(run).devices.accepted == 100);
}

TEST_CASE("staying dispatcher: another rate holds from the next send, and no window is above the larger") {
  EngineBench bench{accepting()};
  bench.submit(60'000);
  const auto at_rate = [&bench](double rate) {
    return [&bench, rate](Dispatcher& dispatcher) {
      DispatcherConfig changed = bench.config();
      changed.requests_per_second = rate;
      dispatcher.reconfigure(changed);
    };
  };

  REQUIRE(bench.dispatch_with({{5s, at_rate(4)}, {15s, at_rate(10)}, {1min, stop}}, stays).has_value());

  std::map<std::string, std::size_t> sends;
  std::vector<SentRequest> slow;
  for (const SentRequest& sent : bench.cloud.sent()) {
    const auto second = sent.at - bench.start;
    if (second > 6s && second <= 15s) slow.push_back(sent);
    ++sends[second <= 5s ? "before" : second <= 15s ? "slow" : "after"];
  }
  CHECK(sends["before"] >= 49);
  CHECK(most_in_a_second(slow) <= 4);
  CHECK(sends["slow"] >= 38);
  CHECK(sends["slow"] <= 41);
  // Forty-five seconds, less the one of silence, and the window's guard.
  CHECK(sends["after"] >= 435);
  CHECK(most_in_a_second(bench.cloud.sent()) <= 10);
}

TEST_CASE("staying dispatcher: a run that is slower than its account stays so when the account slows down") {
  EngineBench bench{accepting()};
  const RunId run = bench.submit(10'000);

  REQUIRE(bench
              .dispatch_with({{10s,
                               [&](Dispatcher& dispatcher) {
                                 DispatcherConfig changed = bench.config();
                                 changed.requests_per_second = 1;
                                 dispatcher.reconfigure(changed);
                               }},
                              {20s, [&](Dispatcher& dispatcher) { dispatcher.reconfigure(bench.config()); }},
                              {40s, stop}},
                             [run](DispatcherConfig& config) {
                               config.stays = true;
                               config.own_rates[run] = 2;
                             })
              .has_value());

  const auto sent_between = [&](std::chrono::seconds from, std::chrono::seconds to) {
    return std::ranges::count_if(bench.cloud.sent(), [&](const SentRequest& sent) {
      return sent.at - bench.start > from && sent.at - bench.start <= to;
    });
  };
  CHECK(sent_between(-1s, 9s) == 19);
  CHECK(sent_between(10s, 20s) <= 11);
  CHECK(sent_between(22s, 32s) == doctest::Approx(20).epsilon(0.06));
}

TEST_CASE("staying dispatcher: a blocked account sends nothing more until somebody lifts its pause") {
  EngineBench bench{[](const SentRequest&, std::size_t n) {
    return ScriptedAnswer{
        50ms, n == 0 ? Reply{gateway_refusal(404, "InvalidAccessKeyId.NotFound")} : Reply{accepted_answer()}};
  }};
  const RunId run = bench.submit(1'000);
  std::size_t sent_while_blocked = 0;

  REQUIRE(bench
              .dispatch_with(
                  {{1h,
                    [&](Dispatcher& dispatcher) {
                      sent_while_blocked = bench.cloud.sent().size();
                      CHECK_FALSE(bench.record(run).tenant_pause_reason.empty());
                      REQUIRE(bench.store->set_tenant_pause("t", "", bench.clock.utc_now()).has_value());
                      dispatcher.go_on();
                    }},
                   {2h, stop}},
                  stays)
              .has_value());

  CHECK(sent_while_blocked == 1);
  CHECK(bench.record(run).devices.accepted == 1'000);
}

TEST_CASE("staying dispatcher: an endpoint that was never reached is probed until it is there") {
  EngineBench bench{accepting()};
  bench.cloud.is_reachable = [&bench](SteadyTime now) { return now >= bench.start + 1h; };
  const RunId run = bench.submit(300);

  REQUIRE(bench.dispatch_with({{2h, stop}}, stays).has_value());

  CHECK(bench.observer.times_lost == 1);
  CHECK(bench.observer.times_back == 1);
  CHECK(bench.record(run).devices.accepted == 300);
}
