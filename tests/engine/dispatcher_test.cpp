// SPDX-License-Identifier: MIT
// The dispatcher on virtual time: what is sent, when, and what the record says afterwards.
#include "sluice/engine/dispatcher.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>

#include "sluice/core/run_rules.hpp"
#include "support/engine_bench.hpp"

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;

namespace {

Script always(Reply reply, std::chrono::nanoseconds delay = 50ms) {
  return [reply, delay](const SentRequest&, std::size_t) { return ScriptedAnswer{delay, reply}; };
}

/// The first answers as listed, everything after them accepted.
Script first_then_accepted(std::vector<Reply> first, std::chrono::nanoseconds delay = 50ms) {
  return [first, delay](const SentRequest&, std::size_t n) {
    return ScriptedAnswer{delay, n < first.size() ? first[n] : Reply{accepted_answer()}};
  };
}

std::map<std::string, int> sends_by_device(const ScriptedCloud& cloud) {
  std::map<std::string, int> sends;
  for (const SentRequest& sent : cloud.sent()) {
    for (const std::string& device : sent.devices) ++sends[device];
  }
  return sends;
}

}  // namespace

TEST_CASE("dispatcher: every device is sent exactly once, a hundred to a request, and all is accepted") {
  EngineBench bench{always(accepted_answer())};
  const RunId run = bench.submit(250);

  REQUIRE(bench.dispatch().has_value());

  REQUIRE(bench.cloud.sent().size() == 3);
  CHECK(bench.cloud.sent()[0].devices.size() == 100);
  CHECK(bench.cloud.sent()[2].devices.size() == 50);
  CHECK(sends_by_device(bench.cloud).size() == 250);
  CHECK(status_of(bench.record(run)) == RunStatus::succeeded);
  CHECK(bench.record(run).devices.accepted == 250);
}

TEST_CASE("dispatcher: sends are a tenth of a second apart, and the first one does not wait") {
  EngineBench bench{always(accepted_answer())};
  bench.submit(5'000);

  REQUIRE(bench.dispatch().has_value());

  const auto& sent = bench.cloud.sent();
  CHECK(sent.front().at == bench.start);
  for (std::size_t i = 1; i < sent.size(); ++i) CHECK(sent[i].at - sent[i - 1].at >= 100ms);
  for (std::size_t i = 10; i < sent.size(); ++i) CHECK(sent[i].at - sent[i - 10].at >= 1s);
  // 49 intervals, and little more: the window's guard of 0.2 ms a second, and the first answers' full charge.
  CHECK(sent.back().at - sent.front().at < 5s);
}

TEST_CASE("dispatcher: nothing is sent before the silence that an earlier process makes necessary is over") {
  EngineBench bench{always(accepted_answer())};
  bench.submit(100);

  const auto later = [&bench](DispatcherConfig& config) { config.not_before = bench.start + 1500ms; };
  REQUIRE(bench.dispatch(later).has_value());

  CHECK(bench.cloud.sent().front().at == bench.start + 1500ms);
}

TEST_CASE("dispatcher: at the first byte the attempt is already in the store") {
  std::vector<std::int64_t> in_flight_at_send;
  EngineBench* seen = nullptr;
  RunId run;
  EngineBench bench{[&](const SentRequest&, std::size_t) {
    in_flight_at_send.push_back(seen->record(run).chunks.in_flight);
    return ScriptedAnswer{50ms, accepted_answer()};
  }};
  seen = &bench;
  run = bench.submit(300);

  REQUIRE(bench.dispatch().has_value());

  REQUIRE(in_flight_at_send.size() == 3);
  for (const std::int64_t in_flight : in_flight_at_send) CHECK(in_flight >= 1);
}

TEST_CASE(
    "dispatcher: a throttle costs the chunk no attempt, and nothing is sent until the server's hint is "
    "over") {
  HttpResponse throttle = gateway_refusal(429, "Throttling.User");
  throttle.headers.emplace_back("x-acs-retry-after", "3000");
  EngineBench bench{first_then_accepted({throttle})};
  Job job;
  job.retry.max_attempts = 1;
  const RunId run = bench.submit(300, job);

  REQUIRE(bench.dispatch().has_value());

  CHECK(bench.record(run).devices.accepted == 300);
  CHECK(bench.record(run).throttled == 1);
  CHECK(bench.observer.rates.front() == doctest::Approx(5));
  // The answer came after 50 ms; whatever was sent after it came 3 s later.
  for (const SentRequest& sent : bench.cloud.sent()) {
    CHECK((sent.at <= bench.start + 50ms || sent.at >= bench.start + 3050ms));
  }
}

TEST_CASE(
    "dispatcher: after silence the very same request follows on a new connection, and its refusal is "
    "presumed") {
  EngineBench bench{first_then_accepted({silence(), gateway_refusal(400, "SignatureNonceUsed")}, 15s)};
  const RunId run = bench.submit(100);

  REQUIRE(bench.dispatch().has_value());

  REQUIRE(bench.cloud.sent().size() == 2);
  CHECK(bench.cloud.sent()[0].request == bench.cloud.sent()[1].request);
  CHECK(bench.cloud.sent()[1].connection == ConnectionChoice::fresh);
  CHECK(bench.record(run).devices.presumed == 100);
  CHECK(bench.record(run).devices.accepted == 0);
}

TEST_CASE("dispatcher: three silences leave the devices in doubt, and no fourth request goes out") {
  EngineBench bench{always(silence(), 15s)};
  const RunId run = bench.submit(100);

  REQUIRE(bench.dispatch().has_value());

  CHECK(bench.cloud.sent().size() == 3);
  CHECK(bench.record(run).devices.in_doubt == 100);
  CHECK(status_of(bench.record(run)) == RunStatus::finished_in_doubt);
}

TEST_CASE("dispatcher: an outage right after silence does not use up the replays") {
  EngineBench bench{first_then_accepted({silence(), gateway_refusal(400, "SignatureNonceUsed")}, 15s)};
  bench.cloud.is_reachable = [&bench](SteadyTime at) {
    return at < bench.start + 15s || at > bench.start + 100s;
  };
  const RunId run = bench.submit(100);

  REQUIRE(bench.dispatch().has_value());

  CHECK(bench.cloud.refusals() > 3);
  CHECK(bench.cloud.sent().size() == 2);
  CHECK(bench.record(run).devices.presumed == 100);
}

TEST_CASE("dispatcher: an unclear answer is in doubt at once, unless the job is safe to repeat") {
  EngineBench cautious{always(gateway_refusal(500, "InternalError"))};
  const RunId doubtful = cautious.submit(100);
  REQUIRE(cautious.dispatch().has_value());
  CHECK(cautious.cloud.sent().size() == 1);
  CHECK(cautious.record(doubtful).devices.in_doubt == 100);

  EngineBench bold{first_then_accepted({gateway_refusal(500, "InternalError")})};
  Job job;
  job.safe_to_repeat = true;
  const RunId repeated = bold.submit(100, job);
  REQUIRE(bold.dispatch().has_value());
  REQUIRE(bold.cloud.sent().size() == 2);
  CHECK(bold.cloud.sent()[0].request != bold.cloud.sent()[1].request);
  CHECK(bold.record(repeated).devices.accepted == 100);
}

TEST_CASE("dispatcher: a chunk that is refused as unavailable five times fails, if others get through") {
  EngineBench bench{[](const SentRequest& sent, std::size_t) {
    const bool is_refused = sent.devices.front() == "dev-00000";
    return ScriptedAnswer{50ms, is_refused ? gateway_refusal(503, "ServiceUnavailable") : accepted_answer()};
  }};
  const RunId run = bench.submit(50'000);

  REQUIRE(bench.dispatch().has_value());

  CHECK(bench.cloud.sent().size() == 499 + 5);
  CHECK(bench.record(run).devices.failed == 100);
}

TEST_CASE(
    "dispatcher: one bad device in a hundred is found in at most 15 more requests, the others accepted "
    "once") {
  const std::string bad = "dev-00042";
  EngineBench bench{[&bad](const SentRequest& sent, std::size_t) {
    const bool has_bad = std::ranges::find(sent.devices, bad) != sent.devices.end();
    return ScriptedAnswer{50ms, has_bad ? product_refusal("iot.device.NotExistedDevice") : accepted_answer()};
  }};
  const RunId run = bench.submit(100);

  REQUIRE(bench.dispatch().has_value());

  CHECK(bench.cloud.sent().size() <= 1 + 15);
  CHECK(bench.devices_in(run, ChunkState::failed) == std::vector{bad});
  CHECK(bench.record(run).devices.accepted == 99);
}

TEST_CASE("dispatcher: a rejected job pauses the run after the requests that were on their way") {
  EngineBench bench{always(product_refusal("iot.prod.NotExistedProduct"), 350ms)};
  const RunId run = bench.submit(10'000);

  REQUIRE(bench.dispatch().has_value());

  CHECK(bench.cloud.sent().size() == 4);  // at 0, 100, 200 and 300 ms; the first refusal came at 350 ms
  const RunRecord record = bench.record(run);
  CHECK(record.control == RunControl::paused);
  CHECK(record.control_reason.find("iot.prod.NotExistedProduct") != std::string::npos);
  CHECK(record.devices.pending == 10'000);
}

TEST_CASE("dispatcher: a blocked account pauses the tenant, and nothing is spent or lost") {
  EngineBench bench{always(gateway_refusal(403, "Forbidden.RAM"))};
  const RunId run = bench.submit(10'000);

  REQUIRE(bench.dispatch().has_value());

  CHECK(bench.cloud.sent().size() == 1);
  CHECK(bench.record(run).tenant_pause_reason.find("Forbidden.RAM") != std::string::npos);
  CHECK(bench.record(run).devices.pending == 10'000);
  CHECK(bench.record(run).chunks.in_flight == 0);
}

TEST_CASE(
    "dispatcher: a clock more than a minute off pauses the tenant with the answer settled and no replay "
    "made") {
  // The bench begins at 22:13:20.
  HttpResponse answer = accepted_answer();
  answer.headers.emplace_back("Date", "Tue, 14 Nov 2023 22:11:18 GMT");
  EngineBench bench{[&answer](const SentRequest&, std::size_t n) {
    return n == 0 ? ScriptedAnswer{80ms, silence()} : ScriptedAnswer{150ms, answer};
  }};
  const RunId run = bench.submit(10'000);

  REQUIRE(bench.dispatch().has_value());

  // The silent one at 0 ms, and two more before the first answer came at 250 ms; the replay was due at 80 ms.
  REQUIRE(bench.cloud.sent().size() == 3);
  for (const SentRequest& sent : bench.cloud.sent()) CHECK(sent.connection == ConnectionChoice::any);
  const RunRecord record = bench.record(run);
  CHECK(record.tenant_pause_reason ==
        "clock_offset: the clock of this machine is 121 s ahead of the server's; set it right, then resume");
  CHECK(record.devices.accepted == 200);
  CHECK(record.devices.pending == 9'800);
}

TEST_CASE("dispatcher: a machine that slept while an answer was on its way has no wrong clock") {
  EngineBench* scene = nullptr;
  EngineBench bench{[&scene](const SentRequest&, std::size_t) {
    HttpResponse answer = accepted_answer();
    answer.headers.emplace_back("Date", "Tue, 14 Nov 2023 22:13:20 GMT");  // when the bench begins
    // Asleep, the monotonic clock stands still and the wall clock goes on.
    scene->clock.set_wall_clock(scene->clock.utc_now() + 2min);
    return ScriptedAnswer{50ms, answer};
  }};
  scene = &bench;
  const RunId run = bench.submit(100);

  REQUIRE(bench.dispatch().has_value());

  CHECK(bench.record(run).tenant_pause_reason.empty());
  CHECK(bench.record(run).devices.accepted == 100);
}

TEST_CASE("dispatcher: a clock that is off by less than a minute is no reason to pause") {
  HttpResponse answer = accepted_answer();
  answer.headers.emplace_back("Date", "Tue, 14 Nov 2023 22:13:05 GMT");
  EngineBench bench{always(answer)};
  const RunId run = bench.submit(10'000);

  REQUIRE(bench.dispatch().has_value());

  CHECK(bench.record(run).devices.accepted == 10'000);
}

TEST_CASE("dispatcher: an endpoint that was never reached ends the run as unreachable after five tries") {
  EngineBench bench{always(accepted_answer())};
  bench.cloud.is_reachable = [](SteadyTime) { return false; };
  const RunId run = bench.submit(1'000);

  const Result<void> done = bench.dispatch();

  REQUIRE(done.has_error());
  CHECK(done.error().kind == ErrorKind::unreachable);
  CHECK(bench.cloud.sent().empty());
  CHECK(bench.record(run).devices.pending == 1'000);
  CHECK(bench.record(run).requests == 0);
}

TEST_CASE(
    "dispatcher: an endpoint that took one request and then refuses was reached, so nobody says nothing was "
    "sent") {
  EngineBench bench{always(silence(), 15s)};
  bench.cloud.is_reachable = [&bench](SteadyTime at) { return at < bench.start + 50ms; };
  Job job;
  job.retry.deadline = 1min;
  const RunId run = bench.submit(300, job);

  REQUIRE(bench.dispatch().has_value());

  CHECK(bench.cloud.sent().size() == 1);
  CHECK(bench.record(run).control == RunControl::paused);
}

TEST_CASE("dispatcher: a machine that has no descriptor for a connection does not call the endpoint lost") {
  const TransportFailure exhausted{FailureKind::exhausted, false, "too many open files"};
  EngineBench bench{first_then_accepted(std::vector<Reply>(12, exhausted), 5s)};
  Job job;
  job.retry.max_attempts = 1;
  const RunId run = bench.submit(300, job);

  REQUIRE(bench.dispatch().has_value());

  CHECK(bench.observer.times_lost == 0);
  CHECK(bench.record(run).devices.accepted == 300);
}

TEST_CASE("dispatcher: an outage costs a probe in five seconds, no attempt, and full speed is back at once") {
  EngineBench bench{always(accepted_answer())};
  bench.cloud.is_reachable = [&bench](SteadyTime at) {
    return at < bench.start + 1s || at >= bench.start + 120s;
  };
  const RunId run = bench.submit(5'000);

  REQUIRE(bench.dispatch().has_value());

  CHECK(bench.record(run).devices.accepted == 5'000);
  CHECK(bench.observer.times_lost == 1);
  CHECK(bench.observer.times_back == 1);
  // Five to notice, those of a second that were connecting then, and one in five seconds of the two minutes.
  CHECK(bench.cloud.refusals() <= 5 + 4 + 120 / 5);
  CHECK(bench.cloud.sent().back().at <= bench.start + 120s + 5s + 6s);
}

TEST_CASE("dispatcher: stopping sends nothing more, waits for what is on its way, and gives the rest back") {
  EngineBench bench{always(accepted_answer(), 2s)};
  const RunId run = bench.submit(10'000);

  REQUIRE(bench.dispatch_and_stop_after(450ms).has_value());

  CHECK(bench.cloud.sent().size() == 5);  // at 0, 100, 200, 300 and 400 ms
  const RunRecord record = bench.record(run);
  CHECK(record.devices.accepted == 500);
  CHECK(record.devices.pending == 9'500);
  CHECK(record.chunks.in_flight == 0);
  CHECK(record.requests == 5);
}

TEST_CASE(
    "dispatcher: a stop between a dead connection and the next one gives the chunk back, and blames nobody") {
  EngineBench bench{always(accepted_answer())};
  bench.cloud.is_dead_behind_gate = [](SteadyTime) { return true; };
  const RunId run = bench.submit(100);

  // The first pass is at 0 ms and in vain, and the next one would be at 100 ms.
  REQUIRE(bench.dispatch_and_stop_after(50ms).has_value());

  CHECK(bench.cloud.sent().empty());
  CHECK(bench.record(run).devices.pending == 100);
  CHECK(bench.record(run).requests == 0);
  REQUIRE(bench.observer.settled.size() == 1);
  const AttemptSettled& settled = bench.observer.settled.front();
  CHECK(settled.transition.due_at <= bench.clock.utc_now());
  CHECK_FALSE(settled.transition.spends_attempt);
}

TEST_CASE("dispatcher: what a stop gave back is sent by the next dispatcher, each device once") {
  EngineBench bench{always(accepted_answer())};
  const RunId run = bench.submit(3'000);

  REQUIRE(bench.dispatch_and_stop_after(1s).has_value());
  REQUIRE(
      bench
          .dispatch([&bench](DispatcherConfig& config) { config.not_before = bench.clock.steady_now() + 1s; })
          .has_value());

  CHECK(bench.record(run).devices.accepted == 3'000);
  for (const auto& [device, sends] : sends_by_device(bench.cloud)) CHECK_MESSAGE(sends == 1, device);
}

TEST_CASE("dispatcher: never more requests are on their way than allowed, however slow the answers") {
  EngineBench bench{always(accepted_answer(), 5s)};
  const RunId run = bench.submit(5'000);

  REQUIRE(bench.dispatch([](DispatcherConfig& config) { config.in_flight_max = 4; }).has_value());

  CHECK(bench.cloud.most_at_once() == 4);
  CHECK(bench.record(run).devices.accepted == 5'000);
}

TEST_CASE("dispatcher: a replay whose window closed while it waited is doubt, not a second command") {
  // Everything is silent for 4 minutes, so that the second replay would start after 12.
  EngineBench bench{always(silence(), 6min)};
  const RunId run = bench.submit(100);

  REQUIRE(bench.dispatch().has_value());

  CHECK(bench.cloud.sent().size() == 2);
  CHECK(bench.record(run).devices.in_doubt == 100);
}

TEST_CASE("dispatcher: a wall clock that is set back while a replay waits does not keep its window open") {
  EngineBench bench{first_then_accepted({silence()}, 15s)};
  const RunId run = bench.submit(100);
  REQUIRE(bench.dispatch_and_stop_after(1s).has_value());
  // Claimed nine and a half minutes after the first send; to connect takes another minute.
  bench.clock.run_until(bench.start + 9min + 30s);
  bench.cloud.connect = [&bench] {
    bench.clock.set_wall_clock(bench.clock.utc_now() - 1h);
    return 1min;
  };

  REQUIRE(bench.dispatch().has_value());

  CHECK(bench.cloud.sent().size() == 1);
  CHECK(bench.record(run).devices.in_doubt == 100);
}

TEST_CASE("dispatcher: a replay to another endpoint is not made: the nonce is unknown there") {
  EngineBench bench{first_then_accepted({silence()}, 15s)};
  const RunId run = bench.submit(100);
  REQUIRE(bench.dispatch_and_stop_after(1s).has_value());
  REQUIRE(bench.cloud.sent().size() == 1);

  REQUIRE(
      bench.dispatch([](DispatcherConfig& config) { config.endpoint = "https://elsewhere"; }).has_value());

  CHECK(bench.cloud.sent().size() == 1);
  CHECK(bench.record(run).devices.in_doubt == 100);
}

TEST_CASE("dispatcher: a run that is resumed after its deadline is tried again, not failed") {
  EngineBench bench{first_then_accepted({gateway_refusal(503, "ServiceUnavailable")})};
  Job job;
  job.retry.deadline = 1min;
  const RunId run = bench.submit(300, job);
  REQUIRE(bench.dispatch_and_stop_after(10ms).has_value());
  bench.clock.run_until(bench.clock.steady_now() + 2h);

  REQUIRE(bench.dispatch([&bench](DispatcherConfig& config) { config.not_before = bench.clock.steady_now(); })
              .has_value());

  CHECK(bench.record(run).devices.accepted == 300);
}

TEST_CASE(
    "dispatcher: an answer that the store cannot take just now is kept, and nothing new is sent meanwhile") {
  EngineBench bench{always(accepted_answer())};
  const RunId run = bench.submit(1'000);
  bench.store->can_settle = [&bench] { return bench.clock.steady_now() >= bench.start + 4s; };

  const Result<void> done = bench.dispatch();

  REQUIRE(done.has_error());
  CHECK(done.error().kind == ErrorKind::storage);
  CHECK(bench.record(run).chunks.in_flight == 0);
  CHECK(bench.record(run).devices.accepted == 100 * static_cast<std::int64_t>(bench.cloud.sent().size()));
  CHECK(bench.cloud.sent().size() <= 2);
}

TEST_CASE("dispatcher: while another program holds the store everything waits, and no answer is dropped") {
  EngineBench bench{always(accepted_answer(), 500ms)};
  const RunId run = bench.submit(3'000);
  // Requests are on their way when it begins, and their answers wait for the whole of it.
  bench.store->is_held = [&bench] {
    const auto passed = bench.clock.steady_now() - bench.start;
    return passed > 1s && passed < 2min;
  };

  REQUIRE(bench.dispatch().has_value());

  CHECK(bench.record(run).devices.accepted == 3'000);
  CHECK(bench.cloud.sent().size() == 30);
  CHECK(bench.observer.times_store_held == 1);
  CHECK(bench.observer.last_settled_at < bench.start + 2min + 5s);
}

TEST_CASE("dispatcher: a replay under another key is not made: it would be a new command") {
  EngineBench bench{first_then_accepted({silence()}, 15s)};
  const RunId run = bench.submit(100);
  REQUIRE(bench.dispatch_and_stop_after(1s).has_value());
  REQUIRE(bench.cloud.sent().size() == 1);

  REQUIRE(bench.dispatch([](DispatcherConfig& config) { config.credentials.access_key_id = "another"; })
              .has_value());

  CHECK(bench.cloud.sent().size() == 1);
  CHECK(bench.record(run).devices.in_doubt == 100);
}

TEST_CASE(
    "dispatcher: a random cloud never gets a device twice that it accepted, and every device is accounted "
    "for") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 dice{seed};
  std::map<std::string, int> accepted;
  EngineBench bench{[&](const SentRequest& sent, std::size_t) {
    const auto draw = std::uniform_int_distribution<int>{0, 99}(dice);
    const std::chrono::milliseconds delay{std::uniform_int_distribution<int>{1, 400}(dice)};
    if (draw < 10) return ScriptedAnswer{delay, gateway_refusal(429, "Throttling.User")};
    if (draw < 20) return ScriptedAnswer{delay, gateway_refusal(503, "ServiceUnavailable")};
    if (draw < 25) return ScriptedAnswer{delay, product_refusal("iot.device.NotExistedDevice")};
    if (draw < 33) return ScriptedAnswer{delay, gateway_refusal(500, "InternalError")};
    for (const std::string& device : sent.devices) ++accepted[device];
    return ScriptedAnswer{delay, accepted_answer()};
  }};
  bench.cloud.is_reachable = [&dice](SteadyTime) {
    return std::uniform_int_distribution<int>{0, 99}(dice) >= 3;
  };
  const RunId run = bench.submit(10'000);

  // Three refusals before the first acceptance, unlikely as they are, would pause the run.
  const auto unguarded = [run](DispatcherConfig& config) { config.splits_unguarded = {run}; };
  REQUIRE(bench.dispatch(unguarded).has_value());

  for (const auto& [device, times] : accepted) CHECK_MESSAGE(times == 1, device);
  const StateCounts devices = bench.record(run).devices;
  CHECK(devices.accepted == static_cast<std::int64_t>(accepted.size()));
  CHECK(devices.accepted + devices.failed + devices.in_doubt == 10'000);
}
