// SPDX-License-Identifier: MIT
// Stages, gates and thresholds, with the shipped dispatcher and the real store on virtual time.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "support/engine_bench.hpp"

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;

namespace {

ScriptedAnswer all_well(const SentRequest&, std::size_t) { return {50ms, accepted_answer()}; }

Tolerance of_stage(std::int64_t count) { return {.count = count, .of = ShareOf::stage}; }

/// A canary, a second stage of at most half, and the rest.
Job three_stages() {
  Job job;
  job.rollout.stages.resize(3);
  job.rollout.stages[0] = {.name = "canary", .devices = 20, .soak = 30min};
  job.rollout.stages[1] = {.name = "half", .percent = Percent{5000}};
  job.rollout.stages[2] = {.name = "all", .percent = everything};
  for (Stage& stage : job.rollout.stages) stage.gate.rules.failed = of_stage(0);
  return job;
}

/// The devices of requests that went out after that time.
std::set<std::string> sent_after(const ScriptedCloud& cloud, SteadyTime time) {
  std::set<std::string> devices;
  for (const SentRequest& sent : cloud.sent()) {
    if (sent.at > time) devices.insert(sent.devices.begin(), sent.devices.end());
  }
  return devices;
}

bool has(const SentRequest& sent, const std::string& device) {
  return std::ranges::find(sent.devices, device) != sent.devices.end();
}

}  // namespace

TEST_CASE(
    "rollout: the second stage starts when the canary has soaked, and the third right after the second") {
  EngineBench bench{all_well};
  const RunId run = bench.submit(1000, three_stages(), {20, 480, 500});

  REQUIRE(bench.dispatch().has_value());

  const auto& sent = bench.cloud.sent();
  REQUIRE(sent.size() == 1 + 5 + 5);
  const SteadyTime canary_done = sent[0].at + 50ms;
  CHECK(sent[1].at >= canary_done + 30min);
  CHECK(sent[1].at <= canary_done + 30min + 1s);
  CHECK(sent[6].at - sent[5].at >= 50ms);
  CHECK(sent[6].at - sent[5].at <= 150ms);
  CHECK(bench.record(run).devices.accepted == 1000);
  const auto stages = bench.store->stages(run);
  REQUIRE(stages.has_value());
  for (const StageRecord& stage : *stages) {
    CHECK(stage.opened_at.has_value());
    CHECK(stage.settled_at.has_value());
  }
  CHECK(std::ranges::count(bench.observer.stages, "1/3 stage canary soaks") == 1);
}

TEST_CASE("rollout: a canary whose gate is passed stops the run, and nothing of the next stage is sent") {
  EngineBench bench{[](const SentRequest& sent, std::size_t) -> ScriptedAnswer {
    return {50ms, has(sent, "dev-00007") ? Reply{product_refusal("iot.device.NotExistedDevice")}
                                         : Reply{accepted_answer()}};
  }};
  const RunId run = bench.submit(1000, three_stages(), {20, 480, 500});

  REQUIRE(bench.dispatch().has_value());

  const RunRecord record = bench.record(run);
  CHECK(record.control == RunControl::paused);
  CHECK(record.control_cause == ControlCause::threshold);
  CHECK(record.control_reason ==
        "1 of 20 devices in stage canary failed or are in doubt, and 0 are tolerated; nothing else was on "
        "its way");
  CHECK(record.devices.failed == 1);
  CHECK(record.devices.pending == 980);
  CHECK(sent_after(bench.cloud, SteadyTime{}).size() == 20);
}

TEST_CASE("rollout: from a passed threshold on nothing is sent, and what was on its way is said") {
  // Every answer takes two seconds, so that twenty requests are on their way when the first one says no.
  EngineBench bench{[](const SentRequest&, std::size_t) -> ScriptedAnswer {
    return {2s, product_refusal("iot.device.NotExistedDevice")};
  }};
  Job job;
  job.rollout.abort.rejected_in_a_row = 1;
  const RunId run = bench.submit(10'000, job);

  REQUIRE(bench.dispatch().has_value());

  const SteadyTime tripped_at = bench.cloud.sent().front().at + 2s;
  CHECK(sent_after(bench.cloud, tripped_at).empty());
  const auto in_flight = static_cast<std::size_t>(std::ranges::count_if(
      bench.cloud.sent(), [&](const SentRequest& sent) { return sent.at <= tripped_at; }));
  const RunRecord record = bench.record(run);
  CHECK(record.control_cause == ControlCause::threshold);
  CHECK(record.control_reason ==
        fmt::format("1 chunks in a row were refused; {} devices in {} requests were on "
                    "their way",
                    (in_flight - 1) * 100, in_flight - 1));
  CHECK(record.requests == static_cast<std::int64_t>(in_flight));
}

TEST_CASE("rollout: a threshold that cancels ends the run, and devices that got nothing are canceled") {
  EngineBench bench{[](const SentRequest& sent, std::size_t) -> ScriptedAnswer {
    return {50ms, has(sent, "dev-00000") ? Reply{silence()} : Reply{accepted_answer()}};
  }};
  Job job;
  job.retry.max_attempts = 1;
  job.rollout.abort.in_doubt = Tolerance{.count = 0};
  job.rollout.abort.action = StopAction::cancel;
  const RunId run = bench.submit(100'000, job);

  REQUIRE(bench.dispatch().has_value());

  const RunRecord record = bench.record(run);
  CHECK(record.control == RunControl::canceled);
  CHECK(record.control_cause == ControlCause::threshold);
  CHECK(record.devices.pending + record.devices.in_flight == 0);
  CHECK(record.devices.in_doubt == 100);
  CHECK(record.devices.accepted + record.devices.canceled == 99'900);
  CHECK(record.devices.canceled > 0);
}

TEST_CASE("rollout: after a person says go on, the run goes on until the next failure") {
  std::set<std::string> bad{"dev-00150", "dev-00950"};
  EngineBench bench{[&bad](const SentRequest& sent, std::size_t) -> ScriptedAnswer {
    const bool is_bad =
        std::ranges::any_of(sent.devices, [&](const auto& name) { return bad.contains(name); });
    return {50ms, is_bad ? Reply{product_refusal("iot.device.NotExistedDevice")} : Reply{accepted_answer()}};
  }};
  Job job;
  job.rollout.abort.failed = Tolerance{.count = 0};
  const RunId run = bench.submit(2000, job);
  REQUIRE(bench.dispatch().has_value());
  CHECK(bench.record(run).control == RunControl::paused);
  const std::int64_t accepted_before = bench.record(run).devices.accepted;

  REQUIRE(bench.store->set_run_control({.run = run, .now = bench.clock.utc_now()}).has_value());
  REQUIRE(bench.dispatch().has_value());

  CHECK(bench.record(run).control == RunControl::paused);
  CHECK(bench.record(run).devices.failed == 2);
  CHECK(bench.record(run).devices.accepted > accepted_before);
}

TEST_CASE("rollout: a stage waits for its approval, and starts as soon as a person gives it") {
  EngineBench bench{all_well};
  Job job = three_stages();
  job.rollout.stages[1].approval = Approval{};
  const RunId run = bench.submit(1000, job, {20, 480, 500});
  const SteadyTime start = bench.clock.steady_now();

  const auto approve = [&bench, run](Dispatcher& dispatcher) {
    const Result<int> stage = bench.store->approve({.run = run, .actor = "li", .now = bench.clock.utc_now()});
    REQUIRE(stage.has_value());
    CHECK(*stage == 2);
    dispatcher.look_again();
  };
  REQUIRE(bench.dispatch_with({{5h, approve}}).has_value());

  REQUIRE(bench.cloud.sent().size() == 11);
  CHECK(bench.cloud.sent()[1].at >= start + 5h);
  CHECK(bench.cloud.sent()[1].at <= start + 5h + 200ms);
  CHECK(bench.record(run).devices.accepted == 1000);
}

TEST_CASE("rollout: a restart in the middle of a soak does not begin it anew") {
  EngineBench bench{all_well};
  const RunId run = bench.submit(1000, three_stages(), {20, 480, 500});
  const SteadyTime start = bench.clock.steady_now();
  REQUIRE(bench.dispatch_and_stop_after(20min).has_value());
  CHECK(bench.cloud.sent().size() == 1);

  REQUIRE(bench.dispatch().has_value());

  CHECK(bench.cloud.sent().at(1).at <= start + 30min + 2s);
  CHECK(bench.record(run).devices.accepted == 1000);
}

TEST_CASE("rollout: the outside check is asked until it knows, and its no holds the run") {
  EngineBench bench{all_well};
  Job job = three_stages();
  job.rollout.stages[0].soak = 0ms;
  job.rollout.stages[0].gate.check = OutsideCheck{.command = {"check"}, .every = 30s};
  const RunId run = bench.submit(1000, job, {20, 480, 500});
  std::vector<GateAnswer> answers{GateAnswer::inconclusive, GateAnswer::inconclusive, GateAnswer::fail};
  std::vector<SteadyTime> asked;
  const auto with_check = [&](DispatcherConfig& config) {
    config.checks.ask = [&](GateQuestion question) -> boost::asio::awaitable<GateAnswer> {
      CHECK(question.stage == "canary");
      CHECK(question.tally.accepted == 20);
      asked.push_back(bench.clock.steady_now());
      co_return answers.at(asked.size() - 1);
    };
  };

  REQUIRE(bench.dispatch(with_check).has_value());

  REQUIRE(asked.size() == 3);
  CHECK(asked[1] - asked[0] >= 30s);
  CHECK(asked[1] - asked[0] < 31s);
  CHECK(bench.cloud.sent().size() == 1);
  CHECK(bench.record(run).control_cause == ControlCause::gate);
  CHECK(bench.record(run).control_reason == "stage canary is over, and its outside check failed");
}

TEST_CASE("rollout: a pause brakes the run before the next send, and the other run goes on") {
  EngineBench bench{all_well};
  const RunId first = bench.submit(100'000);
  const RunId second = bench.submit(1000);
  const SteadyTime paused_at = bench.clock.steady_now() + 2'030ms;

  const auto pause = [&](Dispatcher& dispatcher) {
    dispatcher.pause(first);
    REQUIRE(bench.store
                ->set_run_control({.run = first, .control = RunControl::paused, .now = bench.clock.utc_now()})
                .has_value());
  };
  REQUIRE(bench.dispatch_with({{2'030ms, pause}}).has_value());

  for (const AttemptSettled& settled : bench.observer.settled) {
    if (settled.run == first) CHECK(settled.rtt.has_value());
  }
  std::int64_t after = 0;
  for (std::size_t i = 0; i < bench.observer.sent.size(); ++i) {
    if (bench.observer.sent[i].run == first && bench.cloud.sent()[i].at > paused_at) ++after;
  }
  CHECK(after == 0);
  CHECK(bench.record(second).devices.accepted == 1000);
  CHECK(bench.record(first).devices.pending > 90'000);
}

TEST_CASE("rollout: a threshold that is passed while a pause is not on record yet is on record itself") {
  EngineBench bench{[](const SentRequest&, std::size_t) -> ScriptedAnswer {
    return {2s, product_refusal("iot.device.NotExistedDevice")};
  }};
  Job job;
  job.rollout.abort.rejected_in_a_row = 1;
  const RunId run = bench.submit(10'000, job);

  // The pause never reaches the record, as if the process died too soon for that.
  REQUIRE(bench.dispatch_with({{1s, [run](Dispatcher& dispatcher) { dispatcher.pause(run); }}}).has_value());

  CHECK(bench.record(run).control == RunControl::paused);
  CHECK(bench.record(run).control_cause == ControlCause::threshold);
}

TEST_CASE("rollout: a run that is not paused any more is served again") {
  EngineBench bench{all_well};
  const RunId run = bench.submit(5000);
  const RunId other = bench.submit(100'000);
  const auto set = [&](RunControl control) {
    REQUIRE(bench.store->set_run_control({.run = run, .control = control, .now = bench.clock.utc_now()})
                .has_value());
  };

  REQUIRE(bench
              .dispatch_with({{1s,
                               [&](Dispatcher& dispatcher) {
                                 dispatcher.pause(run);
                                 dispatcher.pause(run);
                                 set(RunControl::paused);
                               }},
                              {10s,
                               [&](Dispatcher& dispatcher) {
                                 CHECK(bench.record(run).devices.pending > 3000);
                                 set(RunControl::active);
                                 dispatcher.unpause(run);
                               }}})
              .has_value());

  CHECK(bench.record(run).devices.accepted == 5000);
  CHECK(bench.record(other).devices.accepted == 100'000);
}

TEST_CASE("rollout: fifty devices beside a million are sent within a second of their own time") {
  EngineBench bench{all_well};
  const RunId large = bench.submit(1'000'000);
  const RunId small = bench.submit(50);
  const SteadyTime start = bench.clock.steady_now();

  REQUIRE(bench.dispatch_and_stop_after(10s).has_value());

  const auto mine = std::ranges::find(bench.observer.settled, small, &AttemptSettled::run);
  REQUIRE(mine != bench.observer.settled.end());
  const auto first_of_small = std::ranges::find_if(
      bench.cloud.sent(), [](const SentRequest& sent) { return sent.devices.size() == 50; });
  REQUIRE(first_of_small != bench.cloud.sent().end());
  CHECK(first_of_small->at - start <= 1s);
  CHECK(bench.record(small).devices.accepted == 50);
  CHECK(bench.record(large).devices.accepted > 8000);
}

TEST_CASE("rollout: an emergency has ten sends for each of a normal run, and bulk is not starved") {
  EngineBench bench{all_well};
  std::map<Priority, RunId> runs;
  for (const Priority priority : {Priority::bulk, Priority::normal, Priority::emergency}) {
    Job job;
    job.priority = priority;
    runs[priority] = bench.submit(200'000, job);
  }

  REQUIRE(bench.dispatch_and_stop_after(60s).has_value());

  const auto accepted = [&](Priority priority) {
    return bench.record(runs[priority]).devices.accepted / 100;
  };
  CHECK(accepted(Priority::emergency) >= 9 * accepted(Priority::normal));
  CHECK(accepted(Priority::normal) >= 40);
  CHECK(accepted(Priority::bulk) >= 4);
}

TEST_CASE("rollout: no minute holds more devices than the job allows, not even over a restart") {
  EngineBench bench{all_well};
  Job job;
  job.devices_per_minute = 600;
  const RunId run = bench.submit(1500, job);
  REQUIRE(bench.dispatch_and_stop_after(35s).has_value());
  REQUIRE(bench.dispatch().has_value());

  const auto& sent = bench.cloud.sent();
  REQUIRE(sent.size() == 15);
  for (std::size_t i = 6; i < sent.size(); ++i) CHECK(sent[i].at - sent[i - 6].at >= 60s);
  CHECK(bench.record(run).devices.accepted == 1500);
}

TEST_CASE("rollout: no minute holds more devices than the job allows, and nearly all of them are used") {
  EngineBench bench{all_well};
  Job job;
  job.devices_per_minute = 6000;
  bench.submit(30'000, job);

  REQUIRE(bench.dispatch().has_value());

  const auto& sent = bench.cloud.sent();
  REQUIRE(sent.size() == 300);
  for (std::size_t i = 60; i < sent.size(); ++i) CHECK(sent[i].at - sent[i - 60].at >= 60s);
  CHECK(sent.back().at - sent.front().at <= 299s * 1.01);
}

TEST_CASE("rollout: two runs with paces of their own share the account, each at its own") {
  EngineBench bench{all_well};
  const RunId slow = bench.submit(2000);
  const RunId fast = bench.submit(8000);

  REQUIRE(bench.dispatch([&](DispatcherConfig& config) { config.own_rates[slow] = 2; }).has_value());

  std::vector<SteadyTime> of_slow;
  for (std::size_t i = 0; i < bench.observer.sent.size(); ++i) {
    if (bench.observer.sent[i].run == slow) of_slow.push_back(bench.cloud.sent()[i].at);
  }
  REQUIRE(of_slow.size() == 20);
  for (std::size_t i = 1; i < of_slow.size(); ++i) CHECK(of_slow[i] - of_slow[i - 1] >= 500ms);
  CHECK(of_slow.back() - of_slow.front() <= 19 * 500ms * 1.2);
  CHECK(bench.record(fast).devices.accepted == 8000);
}

TEST_CASE("rollout: a pace that a person orders holds within the next send, and ends by itself") {
  EngineBench bench{all_well};
  bench.submit(20'000);
  const SteadyTime start = bench.clock.steady_now();

  const auto slow_down = [&](Dispatcher& dispatcher) {
    const UtcTime now = bench.clock.utc_now();
    REQUIRE(bench.store->set_rate({.tenant = "t", .rate = 2, .until = now + 20s, .actor = "li", .now = now})
                .has_value());
    dispatcher.look_again();
  };
  REQUIRE(bench.dispatch_with({{5s, slow_down}}).has_value());

  const auto between = [&](SteadyTime from, SteadyTime to) {
    return std::ranges::count_if(bench.cloud.sent(),
                                 [&](const SentRequest& sent) { return sent.at >= from && sent.at < to; });
  };
  CHECK(between(start, start + 5s) >= 48);
  CHECK(between(start + 6s, start + 24s) <= 36);
  CHECK(between(start + 6s, start + 24s) >= 34);
  CHECK(between(start + 27s, start + 32s) >= 45);
}

TEST_CASE("rollout: outside its window nothing of a run is sent, and at its edge sending stops and starts") {
  // 22:13:20 UTC on the bench's clock; the window opens at 23:00 and closes at 23:01.
  EngineBench bench{all_well};
  Job job;
  job.window = SendWindow{.zone = "UTC", .allow = {{23h, 23h + 1min}}};
  const RunId run = bench.submit(100'000, job);
  const auto steady_of = [&](UtcTime time) {
    return bench.clock.steady_now() + (time - bench.clock.utc_now());
  };
  const SteadyTime opens = steady_of(UtcTime{1'700'002'800s});

  REQUIRE(bench.dispatch().has_value());

  const auto& sent = bench.cloud.sent();
  CHECK(sent.front().at >= opens);
  CHECK(sent.front().at <= opens + 200ms);
  for (const SentRequest& request : sent) {
    const auto into_day = (request.at - opens) % 24h;
    CHECK(into_day < 1min);
  }
  CHECK(sent.back().at - sent.front().at > 24h);
  CHECK(bench.record(run).devices.accepted == 100'000);
}

TEST_CASE("rollout: after its deadline nothing of a run is sent, and it says so") {
  EngineBench bench{all_well};
  Job job;
  job.deadline = 10s;
  const RunId run = bench.submit(100'000, job);
  const SteadyTime start = bench.clock.steady_now();

  REQUIRE(bench.dispatch().has_value());

  CHECK(bench.cloud.sent().back().at <= start + 10s);
  CHECK(bench.cloud.sent().size() >= 95);
  CHECK(bench.record(run).control_cause == ControlCause::deadline);
  CHECK(bench.record(run).devices.pending > 80'000);
}

TEST_CASE("rollout: a device that is denied is not sent, and the other ninety-nine are") {
  EngineBench bench{all_well};
  const RunId run = bench.submit(200);

  const auto with_denial = [](DispatcherConfig& config) {
    config.is_denied = [](std::string_view device) { return device == "dev-00042"; };
  };
  REQUIRE(bench.dispatch(with_denial).has_value());

  CHECK_FALSE(sent_after(bench.cloud, SteadyTime{}).contains("dev-00042"));
  CHECK(bench.record(run).devices.accepted == 199);
  CHECK(bench.devices_in(run, ChunkState::failed) == std::vector<std::string>{"dev-00042"});
}

TEST_CASE(
    "rollout: the hours in which a stage or a window kept a run from sending do not count against its "
    "retries") {
  int unavailable = 0;
  EngineBench bench{[&unavailable](const SentRequest&, std::size_t n) -> ScriptedAnswer {
    // The first request after the wait is refused once.
    if (n == 1) {
      ++unavailable;
      return {50ms, gateway_refusal(503, "ServiceUnavailable")};
    }
    return {50ms, accepted_answer()};
  }};
  Job job = three_stages();
  job.rollout.stages[0].soak = 24h;
  job.retry.deadline = 1h;
  const RunId run = bench.submit(1000, job, {20, 480, 500});

  REQUIRE(bench.dispatch().has_value());

  CHECK(unavailable == 1);
  CHECK(bench.record(run).control == RunControl::active);
  CHECK(bench.record(run).devices.accepted == 1000);
}

TEST_CASE("rollout: a stage without devices is passed over") {
  EngineBench bench{all_well};
  Job job = three_stages();
  job.rollout.stages[0].soak = 0ms;
  job.rollout.stages[1].soak = 24h;
  const RunId run = bench.submit(25, job, {20, 0, 5});
  const SteadyTime start = bench.clock.steady_now();

  REQUIRE(bench.dispatch().has_value());

  CHECK(bench.record(run).devices.accepted == 25);
  CHECK(bench.observer.last_settled_at - start < 2s);
}

TEST_CASE("rollout: what an operator has sent once more belongs to its stage, which is not over before") {
  // The canary's first answer says nothing; the operator has it sent again, and that takes a minute.
  EngineBench bench{[](const SentRequest&, std::size_t n) -> ScriptedAnswer {
    if (n == 0) return {50ms, gateway_refusal(500, "InternalError")};
    return {n == 1 ? 10s : 50ms, accepted_answer()};
  }};
  Job job = three_stages();
  job.rollout.stages[0].soak = 0ms;
  const RunId run = bench.submit(1000, job, {20, 480, 500});
  REQUIRE(bench.dispatch().has_value());
  REQUIRE(bench.record(run).devices.in_doubt == 20);

  const UtcTime now = bench.clock.utc_now();
  REQUIRE(bench.store
              ->resolve_doubt({.run = run,
                               .verdict = DoubtVerdict::resend,
                               .expected_devices = 20,
                               .actor = "li",
                               .reason = "nobody saw it",
                               .now = now})
              .has_value());
  REQUIRE(bench.store->set_run_control({.run = run, .now = now}).has_value());
  REQUIRE(bench.dispatch().has_value());

  const auto& sent = bench.cloud.sent();
  REQUIRE(sent.size() == 2 + 5 + 5);
  CHECK(sent[1].devices.size() == 20);
  CHECK(sent[2].at >= sent[1].at + 10s);
}

TEST_CASE("rollout: a stage that waits for its approval waits as well for what is sent once more before it") {
  // As above, but while the run is being served: the approval comes right after the resend.
  EngineBench bench{[](const SentRequest&, std::size_t n) -> ScriptedAnswer {
    if (n == 0) return {50ms, gateway_refusal(500, "InternalError")};
    return {n == 1 ? 10s : 50ms, accepted_answer()};
  }};
  Job job = three_stages();
  job.rollout.stages[0].soak = 0ms;
  job.rollout.stages[0].gate = {};
  job.rollout.stages[1].approval = Approval{};
  const RunId run = bench.submit(1000, job, {20, 480, 500});
  const auto resend = [&](Dispatcher& dispatcher) {
    REQUIRE(bench.record(run).devices.in_doubt == 20);
    REQUIRE(bench.store
                ->resolve_doubt({.run = run,
                                 .verdict = DoubtVerdict::resend,
                                 .expected_devices = 20,
                                 .actor = "li",
                                 .reason = "nobody saw it",
                                 .now = bench.clock.utc_now()})
                .has_value());
    dispatcher.look_again();
  };
  const auto approve = [&](Dispatcher& dispatcher) {
    REQUIRE(bench.store->approve({.run = run, .actor = "li", .now = bench.clock.utc_now()}).has_value());
    dispatcher.look_again();
  };

  REQUIRE(bench.dispatch_with({{1min, resend}, {1min + 1s, approve}}).has_value());

  const auto& sent = bench.cloud.sent();
  REQUIRE(sent.size() == 2 + 5 + 5);
  CHECK(sent[1].devices.size() == 20);
  CHECK(sent[2].at >= sent[1].at + 10s);
  CHECK(bench.record(run).devices.accepted == 1000);
}

TEST_CASE("rollout: an answer about one stage says nothing about the next") {
  EngineBench bench{all_well};
  Job job = three_stages();
  job.rollout.stages[0].soak = 0ms;
  for (Stage& stage : job.rollout.stages) stage.gate.check = OutsideCheck{.command = {"check"}};
  const RunId run = bench.submit(1000, job, {20, 480, 500});
  std::vector<std::string> asked;
  const auto with_check = [&](DispatcherConfig& config) {
    config.checks.ask = [&](GateQuestion question) -> boost::asio::awaitable<GateAnswer> {
      asked.push_back(question.stage);
      if (question.stage != "canary") co_return GateAnswer::fail;
      const std::unique_ptr<Alarm> alarm = bench.clock.alarm();
      co_await alarm->sleep_until(bench.clock.steady_now() + 2min);
      co_return GateAnswer::pass;
    };
  };
  const auto past_gate = [&](Dispatcher& dispatcher) {
    REQUIRE(
        bench.store->approve({.run = run, .actor = "li", .is_past_gate = true, .now = bench.clock.utc_now()})
            .has_value());
    dispatcher.look_again();
  };

  REQUIRE(bench.dispatch_with({{1min, past_gate}}, with_check).has_value());

  CHECK(asked == std::vector<std::string>{"canary", "half"});
  CHECK(bench.record(run).control_reason == "stage half is over, and its outside check failed");
  CHECK(bench.record(run).devices.accepted == 500);
}

TEST_CASE("rollout: a repetition that comes too late leaves doubt that counts in its stage") {
  // The canary's answer is lost, and until its repetition may go the server asks for an hour of silence.
  EngineBench bench{[](const SentRequest&, std::size_t n) -> ScriptedAnswer {
    if (n == 0) return {50ms, silence()};
    HttpResponse busy = gateway_refusal(503, "ServiceUnavailable");
    busy.headers.emplace_back("Retry-After", "900");
    return {50ms, n == 1 ? Reply{busy} : Reply{accepted_answer()}};
  }};
  Job job = three_stages();
  job.rollout.stages[0].soak = 0ms;
  job.rollout.stages[0].gate = {.is_open = true};
  job.rollout.abort.in_doubt = Tolerance{.count = 0};
  const RunId run = bench.submit(1000, job, {20, 480, 500});
  const RunId other = bench.submit(100);

  REQUIRE(bench.dispatch().has_value());

  CHECK(bench.record(other).devices.accepted == 100);
  CHECK(bench.record(run).devices.in_doubt == 20);
  CHECK(bench.record(run).control == RunControl::paused);
  CHECK(bench.record(run).control_cause == ControlCause::threshold);
}

TEST_CASE(
    "rollout: a deadline begins with the first request, not with the hour in which the window was shut") {
  EngineBench bench{all_well};
  Job job;
  job.deadline = 30min;
  job.window = SendWindow{.zone = "UTC", .allow = {{1h, 2h}}};
  const RunId run = bench.submit(2000, job);

  REQUIRE(bench.dispatch().has_value());

  CHECK(bench.record(run).devices.accepted == 2000);
  CHECK(bench.record(run).control == RunControl::active);
}

TEST_CASE("rollout: an account that is blocked is left at once, though another run soaks for a day") {
  EngineBench bench{[](const SentRequest& sent, std::size_t) -> ScriptedAnswer {
    return {50ms, sent.devices.size() == 20 ? Reply{accepted_answer()}
                                            : Reply{gateway_refusal(403, "Forbidden.RAM")}};
  }};
  Job job = three_stages();
  job.rollout.stages[0].soak = 24h;
  job.priority = Priority::emergency;
  bench.submit(1000, job, {20, 480, 500});
  bench.submit(1000);
  const SteadyTime start = bench.clock.steady_now();

  REQUIRE(bench.dispatch().has_value());

  CHECK(bench.clock.steady_now() - start < 1h);
}

TEST_CASE("rollout: a clock that is set forward does not end a soak before its time") {
  EngineBench bench{all_well};
  const RunId run = bench.submit(1000, three_stages(), {20, 480, 500});
  const SteadyTime start = bench.clock.steady_now();
  const auto set_forward = [&](Dispatcher&) { bench.clock.set_wall_clock(bench.clock.utc_now() + 2h); };

  REQUIRE(bench.dispatch_with({{1min, set_forward}}).has_value());

  CHECK(bench.cloud.sent().at(1).at >= start + 30min);
  CHECK(bench.cloud.sent().at(1).at <= start + 31min);
  CHECK(bench.record(run).devices.accepted == 1000);
}

TEST_CASE("rollout: a run that ended beside a longer one is not paused at its deadline any more") {
  EngineBench bench{all_well};
  Job job;
  job.deadline = 10s;
  const RunId run = bench.submit(1000, job);
  bench.submit(20'000);

  REQUIRE(bench.dispatch().has_value());

  CHECK(bench.record(run).control == RunControl::active);
  CHECK(bench.record(run).devices.accepted == 1000);
}

TEST_CASE("rollout: a run whose deadline had passed has it once more when a person says go on") {
  EngineBench bench{all_well};
  Job job;
  job.deadline = 5s;
  const RunId run = bench.submit(9000, job);
  bench.submit(30'000);
  const auto go_on = [&](Dispatcher& dispatcher) {
    CHECK(bench.record(run).control_cause == ControlCause::deadline);
    REQUIRE(bench.store->set_run_control({.run = run, .now = bench.clock.utc_now()}).has_value());
    dispatcher.unpause(run);
  };

  REQUIRE(bench.dispatch_with({{15s, go_on}, {22s, go_on}, {30s, go_on}}).has_value());

  CHECK(bench.record(run).devices.accepted == 9000);
}
