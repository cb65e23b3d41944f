// SPDX-License-Identifier: MIT
// What `plan` foresees against what a rehearsal in virtual time takes, faults aside.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <boost/json.hpp>
#include <string>

#include "end_to_end/scene.hpp"

namespace sluice::tests {
namespace {

constexpr const char* no_faults = R"({"latency": {"constant_ms": 50}})";
constexpr const char* start = "2026-01-01T00:00:00Z";

struct Seconds {
  double predicted = 0;            ///< from the start
  double predicted_under_way = 0;  ///< from the first request, as a run's record measures it
  double taken = 0;
};

/// Plan and rehearsal of the scene's job, as if it were `start`.
Seconds plan_and_rehearse(const Scene& scene, const Words& options) {
  const std::string faults = scene.folder.write("latency.json", no_faults);
  Words plan{"plan", scene.job, "--endpoint", "http://127.0.0.1:1", "--output", "json", "--start", start};
  Words rehearse{"rehearse", scene.job, "--virtual", "--faults", faults,
                 "--output", "json",    "--start",   start};
  plan.insert(plan.end(), options.begin(), options.end());
  rehearse.insert(rehearse.end(), options.begin(), options.end());
  const ProgramEnd planned = scene.sluice(plan);
  REQUIRE_MESSAGE(planned.exit_code == 0, planned.err);
  const ProgramEnd rehearsed = scene.sluice(rehearse);
  REQUIRE_MESSAGE(rehearsed.exit_code == 0, rehearsed.err);
  const boost::json::object plan_object = json_object(planned.out);
  const double predicted = plan_object.at("seconds_predicted").to_number<double>();
  const double first_send = plan_object.at("stages").at(0).at("begins").to_number<double>();
  return {predicted, predicted - first_send, json_object(rehearsed.out).at("seconds").to_number<double>()};
}

}  // namespace

TEST_CASE("end to end: a rehearsal takes what the plan predicts, at any rate and size, by five percent") {
  for (const std::size_t devices : {1U, 99U, 101U, 450U, 1'050U, 1'900U, 20'000U}) {
    Scene scene{devices};
    for (const std::string rate : {"1", "4", "10", "50"}) {
      CAPTURE(devices);
      CAPTURE(rate);

      const Seconds seconds = plan_and_rehearse(scene, {"--rate", rate});

      CHECK(seconds.taken == doctest::Approx(seconds.predicted_under_way).epsilon(0.05));
    }
  }
}

TEST_CASE("end to end: where answers use up the requests in flight, plan and rehearsal agree as well") {
  Scene scene{20'000};

  const Seconds seconds = plan_and_rehearse(scene, {"--rate", "50", "--in-flight", "1"});

  // 200 answers of 50 ms, one after the other.
  CHECK(seconds.predicted == doctest::Approx(10).epsilon(0.01));
  CHECK(seconds.taken == doctest::Approx(seconds.predicted_under_way).epsilon(0.05));
}

TEST_CASE("end to end: windows and device rates are rehearsed as planned, from the hour that --start names") {
  const std::pair<const char*, double> rows[] = {
      // 30 chunks, 29 of them paid for with 6 s.
      {R"("devices_per_minute": 1000,)", 174.05},
      // Closed for an hour; then 30 chunks at 10 a second.
      {R"("window": {"zone": "UTC", "allow": ["01:00-05:00"]},)", 3'602.95},
      // A chunk a device: 3,000 requests, of which 600 fit in the minute of each night: the fifth night.
      {R"("chunk_size": 1, "window": {"zone": "Asia/Shanghai", "allow": ["09:00-09:01"]},)",
       4 * 86'400 + 3'600 + 60}};
  for (const auto& [members, predicted] : rows) {
    CAPTURE(members);
    Scene scene{3'000};
    scene.folder.write("job.json", job_text(members));

    const Seconds seconds = plan_and_rehearse(scene, {"--rate", "10"});

    // Before the first request goes out no run has begun: its own record does not count that wait.
    CHECK(seconds.predicted == doctest::Approx(predicted).epsilon(0.01));
    CHECK(seconds.taken == doctest::Approx(seconds.predicted_under_way).epsilon(0.05));
  }
}

TEST_CASE("end to end: a deadline before the end is a warning, a window that opens after it an error") {
  Scene scene{50'000};
  const Words submit{
      "submit", scene.job, "--yes", "--store", scene.store, "--endpoint", "https://iot.example.com"};
  scene.folder.write("job.json", job_text(R"("deadline": "20s", "conflict": "allow",)"));
  const ProgramEnd late = scene.sluice(submit);
  CHECK(late.exit_code == 0);
  CHECK(late.err.find("Warning: the run would take until ") != std::string::npos);

  // Whatever the hour, one of the two windows is closed, and the other one open.
  int refused = 0;
  for (const char* span : {"00:00-12:00", "12:00-24:00"}) {
    scene.folder.write(
        "job.json",
        job_text(fmt::format(R"("conflict": "allow", "deadline": "1ms", "window": {{"zone": "UTC", "allow":
      ["{}"]}},)",
                             span)));
    const ProgramEnd end = scene.sluice(submit);
    if (end.exit_code != 3) continue;
    ++refused;
    CHECK(end.err.find("nothing would be sent") != std::string::npos);
  }
  CHECK(refused == 1);
  const ProgramEnd list = scene.sluice({"list", "--store", scene.store, "--output", "json"});
  CHECK(json_object(list.out).at("runs").as_array().size() == 2);
}

TEST_CASE("end to end: the rehearsal itself tells what was predicted and what it took, and so does status") {
  Scene scene{2'000};
  const std::string faults = scene.folder.write("latency.json", no_faults);
  const std::string kept = scene.folder / "kept.db";

  const ProgramEnd rehearsed =
      scene.sluice({"rehearse", scene.job, "--virtual", "--faults", faults, "--rate", "2", "--store", kept});
  const ProgramEnd status = scene.sluice({"status", "--store", kept});

  CHECK(rehearsed.out.find("time: predicted ") != std::string::npos);
  CHECK(status.out.find("\n  time      predicted ") != std::string::npos);
  CHECK(status.out.find(" s, took ") != std::string::npos);
}

}  // namespace sluice::tests
