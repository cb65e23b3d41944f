// SPDX-License-Identifier: MIT
// Rehearsals in virtual time, by the program as it is shipped.
#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "end_to_end/scene.hpp"

namespace sluice::tests {
namespace {

Words rehearsal(const Scene& scene, const Words& words = {}) {
  Words all{"rehearse", scene.job, "--virtual", "--start", "2026-01-01T00:00:00Z", "--output", "json"};
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

std::string text_of(const boost::json::object& object, std::string_view name) {
  return boost::json::serialize(object.at(name));
}

}  // namespace

TEST_CASE("end to end: 50,000 devices are rehearsed in virtual time at the pace that real time would have") {
  Scene scene{50'000};

  const ProgramEnd end = scene.sluice(rehearsal(scene));

  CHECK_MESSAGE(end.exit_code == 0, end.err);
  const boost::json::object summary = json_object(end.out);
  CHECK(summary.at("started_at").as_string() == "2026-01-01T00:00:00.000Z");
  // 499 intervals of 100 ms, and the pacer's guard.
  CHECK(summary.at("seconds").as_double() == doctest::Approx(49.9).epsilon(0.001));
  CHECK(end.err.find("at most 10 in any window of 1 s (limit 10): held.") != std::string::npos);
  CHECK(std::filesystem::is_empty(scene.folder / "tmp"));
  CHECK(std::filesystem::is_empty(scene.folder / "home"));
}

TEST_CASE("end to end: the same start and seed rehearse the same run, byte for byte, and its ledger") {
  Scene scene{2'000};
  const std::string faults = scene.folder.write("rough.json", R"({"latency": {"lognormal_ms": {"median": 40,
    "sigma": 0.5}}, "stall_after_execution": 0.05, "throttle": 0.05, "error_503_before_execution": 0.05})");
  const auto rehearse = [&](const std::string& ledger, const std::string& seed) {
    const std::string file = scene.folder / ledger;
    const ProgramEnd end =
        scene.sluice(rehearsal(scene, {"--faults", faults, "--ledger", file, "--seed", seed}));
    return std::pair{end.out, content_of(file)};
  };

  const auto once = rehearse("once.ndjson", "7");

  CHECK(rehearse("again.ndjson", "7") == once);
  CHECK(rehearse("other.ndjson", "8").second != once.second);
}

TEST_CASE("end to end: a rehearsal in virtual time comes to the same end as one in real time") {
  Scene scene{1'000};
  const std::string faults =
      scene.folder.write("faults.json", R"({"bad_devices": {"share": 0.01}, "throttle": 0.1})");
  const Words common{"rehearse", scene.job, "--rate", "200", "--faults", faults, "--output", "json"};
  Words in_virtual_time = common;
  in_virtual_time.emplace_back("--virtual");

  const ProgramEnd real = scene.sluice(common);
  const ProgramEnd unreal = scene.sluice(in_virtual_time);

  CHECK(real.exit_code == unreal.exit_code);
  for (const char* member : {"status", "devices", "chunks"}) {
    CAPTURE(member);
    CHECK(text_of(json_object(real.out), member) == text_of(json_object(unreal.out), member));
  }
}

TEST_CASE("end to end: a virtual rehearsal's store is a new one, and can be looked into afterwards") {
  Scene scene{250};
  const std::string kept = scene.folder / "kept.db";

  CHECK(scene.sluice(rehearsal(scene, {"--store", kept})).exit_code == 0);
  const ProgramEnd results = scene.sluice({"results", "1", "--store", kept, "--output", "ndjson"});
  CHECK(results.exit_code == 0);
  CHECK(std::ranges::count(results.out, '\n') == 250);

  const ProgramEnd again = scene.sluice(rehearsal(scene, {"--store", kept}));
  CHECK(again.exit_code == 6);
  CHECK(again.out.find("is there already") != std::string::npos);
}

TEST_CASE("end to end: --start is a time, and goes only with --virtual") {
  Scene scene{1};

  const ProgramEnd real_time = scene.sluice({"rehearse", scene.job, "--start", "2026-01-01T00:00:00Z"});
  CHECK(real_time.exit_code == 2);
  CHECK(real_time.err.find("--start is given without --virtual") != std::string::npos);
  const ProgramEnd no_time = scene.sluice({"rehearse", scene.job, "--virtual", "--start", "tomorrow"});
  CHECK(no_time.exit_code == 2);
  CHECK(no_time.err.find("written like 2026-03-28T22:00:00Z") != std::string::npos);
}

}  // namespace sluice::tests
