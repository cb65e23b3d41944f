// SPDX-License-Identifier: MIT
#include "simulator/fault_plan.hpp"

#include <doctest/doctest.h>

#include <filesystem>

#include "simulator/fault_dice.hpp"

using namespace sluice::simulator;

namespace {

FaultPlan plan_of(std::string_view text) {
  const auto read = parse_fault_plan(text, "plan.json");
  if (const auto* problem = std::get_if<std::string>(&read)) FAIL(*problem);
  return std::get<FaultPlan>(read);
}

std::string problem_of(std::string_view text) {
  const auto read = parse_fault_plan(text, "plan.json");
  const auto* problem = std::get_if<std::string>(&read);
  return problem != nullptr ? *problem : "";
}

}  // namespace

TEST_CASE("simulator: a fault plan may have comments and trailing commas") {
  FaultPlan plan = plan_of(R"({
    // slow
    "latency": {"uniform_ms": [5, 80]},
    "forward_share": "random",
    "error_500_after_execution": 0.25,
    "outages": [{"from_s": 5, "to_s": 12.5, "kind": "stall"},],
    "clock_skew_s": -30,
  })");

  CHECK(std::get<UniformLatency>(plan.latency).to_ms == 80);
  CHECK_FALSE(plan.forward_share.has_value());
  CHECK(plan.probability(Fault::error_500_after_execution) == 0.25);
  CHECK(plan.probability(Fault::error_500_before_execution) == 0);
  REQUIRE(plan.outages.size() == 1);
  CHECK(plan.outages[0].kind == Fault::outage_stall);
  CHECK(plan.outages[0].to_s == 12.5);
  CHECK(plan.clock_skew_s == -30);
}

TEST_CASE("simulator: a stalled request arrives like any other, and is answered so much later") {
  FaultPlan plan = plan_of(R"({"latency": {"constant_ms": 40}, "stalls": {"share": 0.25, "ms": 3000}})");
  FaultDice dice{7};
  int stalled = 0;
  for (int i = 0; i < 4000; ++i) {
    const Passage passage = dice.draw_passage(plan);
    CHECK(passage.forward == std::chrono::milliseconds{20});
    if (passage.backward == std::chrono::milliseconds{3020}) ++stalled;
  }

  CHECK(stalled > 900);
  CHECK(stalled < 1100);
}

TEST_CASE("simulator: an unknown key of a fault plan is refused with the key that was probably meant") {
  CHECK(problem_of(R"({"trottle": 0.1})") == R"(plan.json: unknown key "trottle": did you mean "throttle"?)");
  CHECK(problem_of(R"({"latency": {"lognormal_ms": {"median": 3, "sigmma": 1}}})") ==
        R"(plan.json: latency.lognormal_ms: unknown key "sigmma": did you mean "sigma"?)");
  CHECK(problem_of(R"({"outages": [{"from_s": 0, "to_s": 1}, {"from": 1, "to_s": 2}]})") ==
        R"(plan.json: outages[1]: unknown key "from": did you mean "from_s"?)");
}

TEST_CASE("simulator: every problem of a fault plan is named at once") {
  CHECK(problem_of(R"({"throttle": 1.5, "retry_after_ms": -1, "bad_device_code": 7})") ==
        "plan.json: throttle: expects a number from 0 to 1\n"
        "plan.json: bad_device_code: expects a text\n"
        "plan.json: retry_after_ms: expects a whole number from 0 to 1000000000");
}

TEST_CASE("simulator: wrong values of a fault plan are refused") {
  const char* text = nullptr;
  SUBCASE("infinite number") { text = R"({"throttle": 1e400})"; }
  SUBCASE("number as text") { text = R"({"throttle": "0.1"})"; }
  SUBCASE("two latencies") { text = R"({"latency": {"constant_ms": 1, "uniform_ms": [1, 2]}})"; }
  SUBCASE("latency as a number") { text = R"({"latency": 50})"; }
  SUBCASE("bounds the wrong way round") { text = R"({"latency": {"uniform_ms": [80, 5]}})"; }
  SUBCASE("three bounds") { text = R"({"latency": {"uniform_ms": [1, 2, 3]}})"; }
  SUBCASE("forward share in other words") { text = R"({"forward_share": "half"})"; }
  SUBCASE("outage that ends before it begins") { text = R"({"outages": [{"from_s": 5, "to_s": 5}]})"; }
  SUBCASE("unknown kind of outage") { text = R"({"outages": [{"from_s": 1, "to_s": 5, "kind": "502"}]})"; }
  SUBCASE("outages not a list") { text = R"({"outages": {"from_s": 1}})"; }
  SUBCASE("bad devices as a text") { text = R"({"bad_devices": "device1"})"; }
  SUBCASE("a bad device as a number") { text = R"({"bad_devices": [1]})"; }
  SUBCASE("success as an account's refusal") { text = R"({"account": {"http_status": 200}})"; }
  SUBCASE("a status for the product's refusal") { text = R"({"job": {"http_status": 404}})"; }
  SUBCASE("a list instead of an object") { text = "[]"; }
  SUBCASE("nothing") { text = ""; }
  SUBCASE("something after the object") { text = "{} {}"; }
  SUBCASE("truncated") { text = R"({"throttle": 0.1)"; }
  CAPTURE(text);

  CHECK(problem_of(text).starts_with("plan.json:"));
}

TEST_CASE("simulator: text that is not JSON is refused with its line and column") {
  CHECK(problem_of("{\n  \"throttle\": x\n}").starts_with("plan.json:2:15: not JSON: "));
}

TEST_CASE("simulator: a fault plan that is not there is a message, not a crash") {
  const auto missing = read_fault_plan("/nonexistent/plan.json");
  const auto directory = read_fault_plan("/");

  CHECK(std::get<std::string>(missing) ==
        "/nonexistent/plan.json: could not read the fault plan: No such file or directory");
  CHECK(std::get<std::string>(directory) == "/: could not read the fault plan: Is a directory");
}

TEST_CASE("simulator: all sample fault plans can be read") {
  int read = 0;
  for (const auto& file : std::filesystem::directory_iterator(SLUICE_SOURCE_DIR "/samples/faults")) {
    const auto plan = read_fault_plan(file.path().string());
    CHECK_MESSAGE(std::holds_alternative<FaultPlan>(plan), std::get<std::string>(plan));
    ++read;
  }
  CHECK(read >= 10);
}

TEST_CASE("simulator: the same seed gives the same faults, another seed others") {
  const FaultPlan plan = plan_of(R"({"latency": {"uniform_ms": [5, 80]}, "throttle": 0.3, "html_502": 0.3})");
  FaultDice first{7};
  FaultDice same{7};
  FaultDice other{8};

  int differences = 0;
  for (int i = 0; i < 100; ++i) {
    const Passage passage = first.draw_passage(plan);
    const Passage again = same.draw_passage(plan);
    CHECK(passage.fault == again.fault);
    CHECK(passage.forward == again.forward);
    if (other.draw_passage(plan).forward != passage.forward) ++differences;
  }
  CHECK(differences > 90);
}

TEST_CASE("simulator: latencies keep to their plan") {
  FaultDice dice{1};
  const FaultPlan uniform = plan_of(R"({"latency": {"uniform_ms": [5, 80]}, "forward_share": 0.25})");
  const FaultPlan lognormal = plan_of(R"({"latency": {"lognormal_ms": {"median": 40, "sigma": 0.5}}})");

  double sum_ms = 0;
  int below_median = 0;
  for (int i = 0; i < 10'000; ++i) {
    const Passage passage = dice.draw_passage(uniform);
    const double total_ms =
        std::chrono::duration<double, std::milli>(passage.forward + passage.backward).count();
    CHECK_UNARY(total_ms >= 5 && total_ms <= 80);
    CHECK_UNARY(std::abs(passage.forward.count() * 4 - (passage.forward + passage.backward).count()) <= 4);
    sum_ms += total_ms;
    const Passage skewed = dice.draw_passage(lognormal);
    if (skewed.forward + skewed.backward < std::chrono::milliseconds{40}) ++below_median;
  }
  CHECK(sum_ms / 10'000 == doctest::Approx(42.5).epsilon(0.02));
  CHECK(below_median == doctest::Approx(5000).epsilon(0.04));
}

TEST_CASE("simulator: about the planned share of devices is bad, and always the same ones") {
  FaultPlan plan;
  plan.bad_device_share = 0.01;

  int bad = 0;
  for (int i = 0; i < 100'000; ++i) {
    if (is_bad_device(plan, "device-" + std::to_string(i), 1)) ++bad;
  }

  CHECK(bad == doctest::Approx(1000).epsilon(0.1));
  plan.bad_devices = {"device-1"};
  CHECK(is_bad_device(plan, "device-1", 1));
}
