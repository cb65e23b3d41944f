// SPDX-License-Identifier: MIT
// Devices in doubt as their operator meets them: listed, accepted, sent again, and never anything else.
#include <doctest/doctest.h>
#include <unistd.h>

#include <boost/json/array.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "end_to_end/scene.hpp"

namespace sluice::tests {
namespace {

namespace json = boost::json;

/// A run of 20 devices in two chunks, all of them executed and answered with 500.
struct SceneInDoubt : Scene {
  SceneInDoubt() : Scene{20} {
    folder.write("job.json", job_text(R"("chunk_size": 10,)"));
    start_cloud(cloud_with(R"({"error_500_after_execution": 1})"));
    const ProgramEnd ended = sluice(run({"--output", "json"}));
    CHECK_MESSAGE(ended.exit_code == 10, ended.err);
    // From here on, the ledger tells of what is sent again.
    std::filesystem::remove(folder / "ledger.ndjson");
    start_cloud();
  }

  ProgramEnd doubt(Words words) const {
    words.insert(words.begin(), "doubt");
    words.insert(words.end(), {"--store", store});
    return sluice(words);
  }

  json::array listed() const {
    return json_object(doubt({"list", "1", "--output", "json"}).out).at("chunks").as_array();
  }
};

bool says(const ProgramEnd& end, std::string_view text) {
  return end.out.find(text) != std::string::npos || end.err.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("end to end: doubt is listed chunk by chunk, and the list names the words that end it") {
  const SceneInDoubt scene;

  const ProgramEnd text = scene.doubt({"list", "1"});
  CHECK(text.exit_code == 0);
  CHECK(says(text, "run 1: 20 devices in 2 chunks in doubt"));
  CHECK(says(text, "sluice doubt accept 1 --reason TEXT --store " + scene.store));
  CHECK(says(text, "sluice doubt resend 1 --reason TEXT --expect-devices 20 --store " + scene.store));

  const json::object listed = json_object(scene.doubt({"list", "1", "--output", "json"}).out);
  CHECK(listed.begin()->key() == "schema_version");
  CHECK(listed.at("run") == 1);
  CHECK(listed.at("devices") == 20);
  REQUIRE(listed.at("chunks").as_array().size() == 2);
  const json::object& first = listed.at("chunks").as_array().front().as_object();
  CHECK(first.at("chunk") == 1);
  CHECK(first.at("devices") == 10);
  CHECK(first.at("code") == "InternalError");
  CHECK(first.at("sends") == 1);
  CHECK(first.at("request_id").as_string().size() == 36);
  CHECK(first.at("since").as_string().ends_with("Z"));
  CHECK_FALSE(first.contains("reason"));

  CHECK(says(scene.sluice({"why", "1", "--store", scene.store}), "sluice doubt list 1"));
  CHECK(says(scene.sluice({"status", "1", "--store", scene.store}), "sluice doubt list 1"));
}

TEST_CASE(
    "end to end: accepted doubt counts as presumed, the run as succeeded, and the record names who said so") {
  const SceneInDoubt scene;

  const ProgramEnd one = scene.doubt({"accept", "1", "--chunk", "2", "--reason", "seen on the dashboard"});
  CHECK_MESSAGE(one.exit_code == 0, one.err);
  CHECK(member_text(scene.status(), "status") == "finished_in_doubt");
  const ProgramEnd rest = scene.doubt(
      {"accept", "1", "--reason", "asked the plant", "--output", "json", "--expect-devices", "10"});

  CHECK_MESSAGE(rest.exit_code == 0, rest.err);
  const json::object resolved = json_object(rest.out);
  CHECK(resolved.at("decision") == "accept");
  CHECK(resolved.at("devices") == 10);
  CHECK(resolved.at("chunks") == 1);
  CHECK(member_text(scene.status(), "status") == "succeeded");
  CHECK(scene.results({"--state", "presumed"}).size() == 20);
  CHECK(scene.sluice(scene.resume()).exit_code == 0);
  CHECK(scene.executions().empty());
  const json::array decided =
      json_object(scene.doubt({"list", "1", "--decided", "--output", "json"}).out).at("decisions").as_array();
  REQUIRE(decided.size() == 2);
  CHECK(decided[0].at("chunk") == 2);
  CHECK(decided[0].at("reason") == "seen on the dashboard");
  CHECK(decided[1].at("decision") == "accept");
  CHECK(decided[1].at("actor").as_string().find("uid " + std::to_string(::getuid())) != json::string::npos);
  CHECK(says(scene.doubt({"list", "1"}), "no device is in doubt"));
  CHECK(says(scene.doubt({"list", "1", "--decided"}), "asked the plant"));
}

TEST_CASE("end to end: with nothing left to send, resume names what is in doubt, and is no success") {
  const SceneInDoubt scene;
  Words resume = scene.resume();
  resume.erase(resume.begin() + 1);

  const ProgramEnd text = scene.sluice(resume);
  CHECK(text.exit_code == 10);
  CHECK(says(text, "Nothing to resume, but devices are in doubt"));
  CHECK(says(text, "next: sluice doubt list 1 --store " + scene.store));

  resume.insert(resume.end(), {"--output", "json"});
  const ProgramEnd summary = scene.sluice(resume);
  CHECK(summary.exit_code == 10);
  CHECK(json_object(summary.out).at("devices").at("in_doubt") == 20);
  CHECK(scene.executions().empty());

  const ProgramEnd accepted = scene.doubt({"accept", "1", "--reason", "seen", "--quiet"});
  REQUIRE(accepted.exit_code == 0);
  CHECK(accepted.err.empty());
  CHECK(scene.sluice(resume).out == "{\"schema_version\":1,\"runs\":[]}\n");
  CHECK(scene.sluice(resume).exit_code == 0);
  CHECK(
      says(scene.sluice({"why", "1", "--store", scene.store}), "all devices accepted, 20 of them presumed"));
}

TEST_CASE("end to end: resent doubt is sent by the next resume, once, and only the chunks that were named") {
  const SceneInDoubt scene;

  const ProgramEnd resent = scene.doubt({"resend", "1", "--chunk", "1", "--reason", "harmless twice",
                                         "--expect-devices", "10", "--output", "json"});

  CHECK_MESSAGE(resent.exit_code == 0, resent.err);
  CHECK(member_text(json_object(resent.out), "next_command") == "sluice resume 1 --store " + scene.store);
  const json::object status = scene.status();
  CHECK(status.at("devices").at("pending") == 10);
  CHECK(status.at("devices").at("in_doubt") == 10);
  CHECK(status.at("finished_at").is_null());
  CHECK(scene.executions().empty());
  const ProgramEnd resumed = scene.sluice(scene.resume({"--output", "json"}));
  CHECK_MESSAGE(resumed.exit_code == 10, resumed.err);
  CHECK(each_once(scene.executions(), 10));
  CHECK(json_object(resumed.out).at("devices").at("accepted") == 10);
  REQUIRE(scene.listed().size() == 1);
  CHECK(scene.listed()[0].at("chunk") == 2);
}

TEST_CASE("end to end: a decision that cannot be meant is refused, and says what to do instead") {
  const SceneInDoubt scene;
  const std::string why = "because";
  struct Row {
    Words words;
    int exit_code;
    std::string says;
  };
  const std::vector<Row> rows{
      {{"resend", "1", "--reason", why}, 6, "--expect-devices 20"},
      {{"resend", "1", "--reason", why, "--expect-devices", "19"}, 6, "--expect-devices 20"},
      {{"resend", "1", "--reason", why, "--expect-devices", "20", "--chunk", "1"}, 6, "--expect-devices 10"},
      {{"resend", "1", "--reason", why, "--expect-devices", "0"}, 2, "--expect-devices 0"},
      {{"accept", "1", "--reason", why, "--expect-devices", "21"}, 6, "20 devices in doubt"},
      {{"accept", "1", "--reason", why, "--chunk", "77"}, 6, "sluice doubt list 1"},
      {{"accept", "1", "--reason", why, "--chunk", "x"}, 2, "--chunk x"},
      {{"accept", "7", "--reason", why}, 4, "there is no run 7"},
      {{"list", "7"}, 4, "there is no run 7"},
      {{"accept", "1"}, 2, "needs a reason"},
      {{"accept", "1", "--reason", "   "}, 2, "needs a reason"},
      {{"accept", "1", "--reason", std::string(501, 'x')}, 2, "at most 500"},
      {{"accept", "1", "--reason", "fine\nresend run=2"}, 2, "\\x0A"},
      {{"accept", "1", "--reason", "\x1b[2Jgone"}, 2, "\\x1B"},
      {{"accept", "1", "--reason", "abc\u202Etxt"}, 2, "invisible"},
      {{"accept", "1", "--reason", "\xff"}, 2, "invisible"},
      {{"acept", "1", "--reason", why}, 2, "sluice doubt accept RUN"},
      {{"list", "1", "--reason", why}, 2, "only shows"},
      {{"accept", "1", "--reason", why, "--decided"}, 2, "sluice doubt list"},
      {{"list"}, 2, "RUN"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.words);
    const ProgramEnd end = scene.doubt(row.words);
    CAPTURE(end.err);
    CHECK(end.exit_code == row.exit_code);
    CHECK(says(end, row.says));
  }

  CHECK(scene.listed().size() == 2);
  CHECK(json_object(scene.doubt({"list", "1", "--decided", "--output", "json"}).out)
            .at("decisions")
            .as_array()
            .empty());
}

TEST_CASE("end to end: a second word on the same doubt is refused and leads to the first") {
  const SceneInDoubt scene;
  REQUIRE(scene.doubt({"accept", "1", "--reason", "seen"}).exit_code == 0);

  const ProgramEnd again = scene.doubt({"resend", "1", "--reason", "not seen", "--expect-devices", "20"});

  CHECK(again.exit_code == 6);
  CHECK(says(again, "no device in doubt"));
  CHECK(says(again, "sluice doubt list 1 --decided"));
  CHECK(scene.results({"--state", "presumed"}).size() == 20);
}

TEST_CASE("end to end: a decision in a store that is not there makes none") {
  const Scene scene{1};

  const ProgramEnd end = scene.sluice({"doubt", "accept", "1", "--reason", "x", "--store", scene.store});

  CHECK(end.exit_code == 4);
  CHECK_FALSE(std::filesystem::exists(scene.store));
}

TEST_CASE("end to end: a job that presumes ends without doubt, and nothing is sent twice") {
  Scene scene{40};
  scene.folder.write("job.json", job_text(R"("chunk_size": 10, "on_doubt": "presume",)"));
  scene.start_cloud(cloud_with(R"({"error_500_after_execution": 1})"));

  const ProgramEnd run = scene.sluice(scene.run({"--output", "json"}));

  CHECK_MESSAGE(run.exit_code == 0, run.err);
  CHECK(json_object(run.out).at("devices").at("presumed") == 40);
  CHECK(each_once(scene.executions(), 40));
}

TEST_CASE("end to end: a job that may be resent is, until it is accepted or its attempts are spent") {
  Scene scene{100};
  scene.folder.write(
      "job.json",
      job_text(R"("chunk_size": 5, "on_doubt": "resend", "retry": {"base": "10ms", "cap": "10ms"},)"));
  scene.start_cloud(cloud_with(R"({"error_500_after_execution": 0.2})"));

  const ProgramEnd run = scene.sluice(scene.run({"--output", "json"}));

  CHECK_MESSAGE((run.exit_code == 0 || run.exit_code == 10), run.err);
  CHECK(scene.executions().size() == 100);
  CHECK(json_object(run.out).at("requests").as_int64() > 20);
  CHECK(json_object(run.out).at("devices").at("failed") == 0);
}

TEST_CASE(
    "end to end: a fleet that is refused list by list pauses the run, and resume splits it to the end") {
  Scene scene{40};
  scene.folder.write("job.json", job_text(R"("chunk_size": 4,)"));
  scene.start_cloud(cloud_with(R"({"bad_devices": {"share": 1}, "latency": {"constant_ms": 20}})"));
  scene.rate = "20";

  const ProgramEnd run = scene.sluice(scene.run({"--output", "json"}));

  CHECK_MESSAGE(run.exit_code == 8, run.err);
  CHECK(json_object(run.out).at("devices").at("failed") == 0);
  CHECK(json_object(run.out).at("devices").at("pending") == 40);
  const ProgramEnd why = scene.sluice({"why", "1", "--store", scene.store});
  CHECK(says(why, "split_guard"));
  CHECK(says(why, "iot.device.NotExistedDevice"));
  CHECK(says(why, "check product key and device list"));
  CHECK(says(why, "sluice resume 1"));

  scene.rate = "500";
  const ProgramEnd resumed = scene.sluice(scene.resume({"--output", "json"}));

  CHECK_MESSAGE(resumed.exit_code == 7, resumed.err);
  CHECK(json_object(resumed.out).at("devices").at("failed") == 40);
}

}  // namespace sluice::tests
