// SPDX-License-Identifier: MIT
// The daemon and its folder of job files: what is put there is sent, what is replaced becomes a new revision,
// what is invalid changes nothing.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "end_to_end/scene.hpp"
#include "store/sqlite/raw_sqlite.hpp"

namespace sluice::tests {
namespace {

/// A daemon for one tenant, with a folder of job files.
struct FolderScene : Scene {
  FolderScene() : Scene{0} {
    start_cloud();
    std::filesystem::create_directory(folder / "jobs");
    folder.write("config.json", fmt::format(R"({{"store": "{}", "jobs_folder": "jobs", "tenants": {{"prod": {{
                                 "endpoint": "{}", "ca_file": "{}", "rate": 500}}}}}})",
                                            store, cloud->url(), ca_file));
    serve();
  }

  void serve() {
    daemon = start({"serve", "--config", folder / "config.json"});
    REQUIRE_MESSAGE(daemon->wait_until([&] { return std::filesystem::exists(store + ".sock"); }),
                    daemon->err());
  }

  /// As a careful operator puts a file there: whole, or not at all.
  void put(const std::string& name, const std::string& text) const {
    folder.write("on_its_way", text);
    std::filesystem::rename(folder / "on_its_way", folder / ("jobs/" + name));
  }

  std::string in_store(const std::string& query) const { return store_tests::RawSqlite{store}.value(query); }

  /// Waits until a query answers so.
  void await(const std::string& query, const std::string& answer) const {
    const bool came = daemon->wait_until([&] { return in_store(query) == answer; });
    REQUIRE_MESSAGE(came, query, " is ", in_store(query), "\n", daemon->err());
  }

  int stop() {
    daemon->send_signal(SIGTERM);
    return daemon->wait().exit_code;
  }

  std::unique_ptr<Program> daemon;
};

std::string job(const std::string& name, const std::string& members = "") {
  return fmt::format(R"({{"name": "{}", "call": {{"product_key": "a1B", "identifier": "Set"}},
                         "targets": {{"devices": ["dev-000001", "dev-000002"]}}{}}})",
                     name, members);
}

const std::string finished_runs = "SELECT count(*) FROM runs WHERE finished_at_us IS NOT NULL";
const std::string state_of_job = "SELECT state || ' ' || revision FROM job_files WHERE name = 'job.json'";

}  // namespace

TEST_CASE("job folder: a file is sent once for each content, over restarts as well") {
  FolderScene scene;
  scene.put("job.json", job("first"));
  scene.await(finished_runs, "1");
  scene.put("job.json", job("second"));
  scene.await(finished_runs, "2");
  CHECK(scene.stop() == 0);

  // The content that came to run 1: known, so nothing is sent. The other file shows when the daemon has
  // looked.
  scene.put("job.json", job("first"));
  scene.put("z_last.json", job("third"));
  scene.serve();
  scene.await(finished_runs, "3");

  CHECK(scene.in_store("SELECT group_concat(job_name) FROM (SELECT job_name FROM runs ORDER BY id)") ==
        "first,second,third");
  CHECK(scene.in_store("SELECT job_file || ' ' || job_revision FROM runs WHERE id = 2") == "job.json 2");
  CHECK(scene.in_store(state_of_job) == "good 3");
  CHECK(scene.stop() == 0);
}

TEST_CASE("job folder: a restored store sends no file that may have been sent since its backup") {
  FolderScene scene;
  const std::string backup = scene.folder / "copy.db";
  REQUIRE(scene.sluice({"backup", backup, "--store", scene.store}).exit_code == 0);
  scene.put("job.json", job("since"));
  scene.await(finished_runs, "1");
  CHECK(scene.stop() == 0);
  REQUIRE(scene.sluice({"restore", backup, "--store", scene.store}).exit_code == 0);

  // Written after the restore, and looked at after the other, in the order of the names.
  scene.put("z_last.json", job("new"));
  scene.serve();
  scene.await(finished_runs, "1");

  CHECK(scene.in_store("SELECT job_name FROM runs") == "new");
  CHECK(scene.in_store(state_of_job) == "invalid 0");
  CHECK(
      scene.in_store("SELECT reason FROM events WHERE job_file = 'job.json'").find("nobody knows whether") !=
      std::string::npos);
  CHECK(scene.executions() == std::map<std::string, int>{{"dev-000001", 2}, {"dev-000002", 2}});

  scene.put("job.json", job("since"));
  scene.await(finished_runs, "2");

  CHECK(scene.in_store(state_of_job) == "good 1");
  CHECK(scene.stop() == 0);
}

TEST_CASE("job folder: a file that gets another name, or a copy, does not send its command again") {
  FolderScene scene;
  scene.put("a.json", job("once"));
  scene.await(finished_runs, "1");

  std::filesystem::rename(scene.folder / "jobs/a.json", scene.folder / "jobs/renamed.json");
  std::filesystem::copy_file(scene.folder / "jobs/renamed.json", scene.folder / "jobs/copy.json");
  const std::string told =
      "SELECT group_concat(job_file || ': ' || reason, '; ') FROM (SELECT job_file, reason FROM events"
      " WHERE what = 'job_file_not_sent' ORDER BY job_file)";
  scene.await(told,
              "copy.json: its content was sent before, as run 1 of a.json; "
              "renamed.json: its content was sent before, as run 1 of a.json");
  // Looked at again, in the order of the names: the other file shows when that is done.
  scene.put("z_last.json", job("third"));
  scene.await(finished_runs, "2");

  CHECK(scene.in_store("SELECT group_concat(job_name) FROM runs") == "once,third");
  CHECK(scene.executions() == std::map<std::string, int>{{"dev-000001", 2}, {"dev-000002", 2}});
  CHECK(scene.in_store("SELECT state || ' ' || revision || ' ' || run FROM job_files"
                       " WHERE name = 'renamed.json'") == "good 1 1");
  CHECK(scene.in_store("SELECT count(*) FROM events WHERE what = 'job_file_not_sent'") == "2");
  CHECK(scene.daemon->err().find("\"job_file_not_sent\"") != std::string::npos);
  CHECK(scene.stop() == 0);
}

TEST_CASE("job folder: a schedule moves with its file, with its history, and none of its ticks is lost") {
  FolderScene scene;
  const std::string schedules =
      "SELECT group_concat(id || ' ' || name || ' ' || state || ' ' || revision || ' ' || job_file, '; ')"
      " FROM schedules";
  const std::string files =
      "SELECT group_concat(name || ' ' || state || ' ' || revision, '; ') FROM"
      " (SELECT * FROM job_files ORDER BY name)";
  const std::string hourly = job("em", R"(, "schedule": {"cron": "every 1h"})");
  const std::string daily = job("em", R"(, "schedule": {"cron": "every 24h"})");
  scene.put("em.json", hourly);
  scene.await(files, "em.json good 1");

  // The new name comes first in the folder, as what comes later finds the schedule gone already.
  std::filesystem::rename(scene.folder / "jobs/em.json", scene.folder / "jobs/a.json");
  scene.await(files, "a.json good 1; em.json removed 1");
  CHECK(scene.in_store(schedules) == "1 em active 1 a.json");

  // With another content, too: then it is a revision.
  scene.put("z.json", daily);
  scene.await("SELECT count(*) FROM events WHERE what = 'job_file_invalid' AND job_file = 'z.json'", "1");
  std::filesystem::remove(scene.folder / "jobs/a.json");
  scene.await(files, "a.json removed 1; em.json removed 1; z.json good 1");
  CHECK(scene.in_store(schedules) == "1 em active 2 z.json");
  CHECK(scene.in_store("SELECT group_concat(reason, '; ') FROM events WHERE what = 'schedule_moved'") ==
        "em.json to a.json; a.json to z.json");
  CHECK(scene.stop() == 0);
}

TEST_CASE("job folder: an invalid replacement is told, and its schedule goes on as it was") {
  FolderScene scene;
  const std::string schedule = "SELECT state || ' ' || revision FROM schedules";
  scene.put("job.json", job("often", R"(, "schedule": {"cron": "every 1h"})"));
  scene.await(schedule, "active 1");

  scene.put("job.json", R"({"name": 7})");
  scene.await(state_of_job, "invalid 1");
  CHECK(scene.in_store(schedule) == "active 1");
  CHECK(scene.in_store("SELECT error LIKE '%job.json:1:10: name:%' FROM job_files") == "1");
  CHECK(scene.in_store("SELECT count(*) FROM events WHERE what = 'job_file_invalid'") == "1");

  CHECK(scene.sluice({"status", "--config", scene.folder / "config.json"})
            .out.starts_with("job file job.json is invalid, and what its revision 1 made stays in force: "));

  scene.put("job.json", job("often", R"(, "schedule": {"cron": "every 2h"})"));
  scene.await(state_of_job, "good 2");
  CHECK(scene.in_store(schedule) == "active 2");
  std::filesystem::remove(scene.folder / "jobs/job.json");
  scene.await(state_of_job, "removed 2");
  CHECK(scene.in_store(schedule) == "retired 2");
  CHECK(scene.in_store("SELECT count(*) FROM runs") == "0");
  CHECK(scene.stop() == 0);
}

TEST_CASE("job folder: a content that cannot be taken is no revision of its file") {
  FolderScene scene;
  const auto status = [&] { return scene.sluice({"status", "--config", scene.folder / "config.json"}).out; };
  const std::string lacking = R"({"name": "fw", "call": {"product_key": "a1B", "identifier": "Set"},
                                  "targets": {"devices_file": "fleet.txt"}})";
  scene.put("job.json", lacking);
  scene.await(state_of_job, "invalid 0");
  CHECK(status().starts_with("job file job.json is invalid, so nothing came of it: "));

  scene.put("job.json", job("first"));
  scene.await(finished_runs, "1");
  CHECK(scene.in_store(state_of_job) == "good 1");
  const std::string first = scene.in_store("SELECT digest FROM job_files");
  scene.put("job.json", lacking);
  scene.await(state_of_job, "invalid 1");
  CHECK(status().starts_with("job file job.json is invalid, and what its revision 1 made stays in force: "));
  CHECK(scene.in_store("SELECT digest || ' ' || run FROM job_files") == first + " 1");

  scene.folder.write("jobs/fleet.txt", device_lines(2));
  scene.daemon->send_signal(SIGHUP);
  scene.await(finished_runs, "2");
  CHECK(scene.in_store(state_of_job) == "good 2");
  CHECK(scene.in_store("SELECT job_revision FROM runs WHERE id = 2") == "2");
  CHECK(scene.stop() == 0);
}

TEST_CASE("job folder: a run by a schedule knows the revision of its file, not that of the schedule") {
  FolderScene scene;
  scene.put("job.json", job("once"));
  scene.await(finished_runs, "1");
  scene.put("job.json", job("hourly", R"(, "schedule": {"cron": "every 1h"})"));
  scene.await(state_of_job, "good 2");

  const ProgramEnd triggered =
      scene.sluice({"schedule", "trigger", "hourly", "--config", scene.folder / "config.json"});
  CHECK_MESSAGE(triggered.exit_code == 0, triggered.err);

  scene.await(finished_runs, "2");
  CHECK(scene.in_store("SELECT job_file || ' ' || job_revision FROM runs WHERE id = 2") == "job.json 2");
  CHECK(scene.in_store("SELECT revision FROM schedules") == "1");
  CHECK(scene.stop() == 0);
}

TEST_CASE("job folder: a schedule is not removed by command while its file would bring it back") {
  FolderScene scene;
  const std::string schedule = "SELECT state FROM schedules";
  const Words remove{"schedule", "remove", "nightly", "--config", scene.folder / "config.json"};
  scene.put("job.json", job("nightly", R"(, "schedule": {"cron": "every 1h"})"));
  scene.await(schedule, "active");

  const ProgramEnd refused = scene.sluice(remove);
  CHECK(refused.exit_code == 6);
  CHECK(refused.err.find("jobs/job.json, and would be back at once") != std::string::npos);
  CHECK(refused.err.find("sluice schedule pause \"nightly\"") != std::string::npos);
  CHECK(scene.in_store(schedule) == "active");

  // The way that is named: while the file is there, and without a daemon once it is not.
  CHECK(scene.sluice({"schedule", "pause", "nightly", "--config", scene.folder / "config.json"}).exit_code ==
        0);
  CHECK(scene.in_store(schedule) == "paused");
  CHECK(scene.stop() == 0);
  CHECK(scene.sluice(remove).exit_code == 6);
  std::filesystem::remove(scene.folder / "jobs/job.json");
  CHECK(scene.sluice(remove).exit_code == 0);
  CHECK(scene.in_store(schedule) == "retired");
}

TEST_CASE("job folder: what a file does to its schedule is on the audit as the folder's doing") {
  FolderScene scene;
  const std::string state = "SELECT group_concat(state || revision) FROM schedules";
  scene.put("job.json", job("nightly", R"(, "schedule": {"cron": "30 2 * * *"})"));
  scene.await(state, "active1");
  scene.put("job.json", job("nightly", R"(, "schedule": {"cron": "30 3 * * *"})"));
  scene.await(state, "active2");
  std::filesystem::remove(scene.folder / "jobs/job.json");
  scene.await(state, "retired2");

  CHECK(scene.in_store("SELECT group_concat(action || ': ' || before || ' > ' || after, '; ') FROM"
                       " (SELECT * FROM audit WHERE actor = 'jobs folder' AND origin = 'daemon'"
                       "  AND target = 'schedule nightly' ORDER BY id)") ==
        "schedule_added:  > active, revision 1, file job.json; schedule_revised: revision 1 > revision 2; "
        "schedule_retired: active > retired");
}

TEST_CASE("job folder: a job for many devices at once must say that it means them") {
  FolderScene scene;
  scene.folder.write("jobs/fleet.txt", device_lines(501));
  const std::string targets = R"({"name": "fw", "call": {"product_key": "a1B", "identifier": "Set"},
                                  "targets": {"devices_file": "fleet.txt"})";
  scene.put("job.json", targets + "}");
  scene.await(state_of_job, "invalid 0");
  CHECK(scene.in_store("SELECT error LIKE '%501 devices at once%' FROM job_files") == "1");

  scene.put("job.json", targets + R"(, "stages": "none"})");
  scene.await(finished_runs, "1");
  CHECK(scene.in_store("SELECT devices_accepted FROM runs") == "501");
  CHECK(scene.stop() == 0);
}

TEST_CASE("job folder: a file that stays as invalid as it was is told once, however often it is looked at") {
  FolderScene scene;
  scene.folder.write("jobs/fleet.txt", device_lines(501));
  const std::string fleet_job = R"({"name": "fw", "call": {"product_key": "a1B", "identifier": "Set"},
                                    "targets": {"devices_file": "fleet.txt"})";
  scene.put("broken.json", R"({"name": 7})");
  scene.put("job.json", fleet_job + "}");
  scene.await(state_of_job, "invalid 0");
  const std::string events =
      "SELECT count(*) FROM events WHERE job_file IN ('broken.json', 'job.json') AND what = "
      "'job_file_invalid'";
  scene.await(events, "2");
  const auto told = [&] {
    std::size_t lines = 0;
    const std::string log = scene.daemon->err();
    for (std::size_t at = log.find("\"job_file_invalid\""); at != log.npos;
         at = log.find("\"job_file_invalid\"", at + 1))
      ++lines;
    return lines;
  };
  const std::string all_events = "SELECT count(*) FROM events WHERE job_file IN ('broken.json', 'job.json')";
  const std::string events_before = scene.in_store(all_events);
  CHECK(told() == 2);

  // Each new file has the daemon look at all of them, in the order of their names.
  scene.put("x.json", job("x"));
  scene.await(finished_runs, "1");
  scene.put("y.json", job("y"));
  scene.await(finished_runs, "2");
  CHECK(scene.in_store(all_events) == events_before);
  CHECK(told() == 2);

  // What it lacked comes, and it is sent as the revision that it was.
  scene.folder.write("jobs/fleet.txt", device_lines(2));
  scene.daemon->send_signal(SIGHUP);
  scene.await(finished_runs, "3");
  CHECK(scene.in_store(state_of_job) == "good 1");
  CHECK(scene.in_store("SELECT job_file || ' ' || job_revision || ' ' || devices_accepted FROM runs"
                       " WHERE job_name = 'fw'") == "job.json 1 2");
  CHECK(scene.in_store("SELECT count(*) FROM job_files JOIN runs ON runs.id = job_files.run"
                       " WHERE job_files.name = 'job.json' AND runs.job_name = 'fw'") == "1");
  CHECK(scene.stop() == 0);
}

TEST_CASE("job folder: one that anybody may write into is not looked at") {
  FolderScene scene;
  std::filesystem::permissions(scene.folder / "jobs", std::filesystem::perms::others_write,
                               std::filesystem::perm_options::add);
  scene.put("job.json", job("theirs"));

  CHECK(scene.daemon->wait_until(
      [&] { return scene.daemon->err().find("job_folder_refused") != std::string::npos; }));
  CHECK(scene.in_store("SELECT count(*) FROM runs") == "0");
  CHECK(scene.stop() == 0);
}

TEST_CASE("job folder: a file that anybody may write is not sent, until that right is taken away") {
  FolderScene scene;
  const std::filesystem::path file = scene.folder / "jobs/job.json";
  scene.folder.write("on_its_way", job("theirs"));
  std::filesystem::permissions(scene.folder / "on_its_way", std::filesystem::perms{0666});
  std::filesystem::rename(scene.folder / "on_its_way", file);
  scene.await(state_of_job, "invalid 0");
  CHECK(scene.in_store("SELECT error LIKE 'anybody may write the job file %' FROM job_files") == "1");
  CHECK(scene.in_store("SELECT count(*) FROM runs") == "0");

  std::filesystem::permissions(file, std::filesystem::perms{0644});
  scene.await(finished_runs, "1");
  CHECK(scene.in_store(state_of_job) == "good 1");
  CHECK(scene.stop() == 0);
}

TEST_CASE("job folder: a file that is written right before the daemon looks is taken up right after") {
  FolderScene scene;
  // From then on it surely watches, and a change has it look 0.2 s later.
  scene.put("first.json", job("first"));
  scene.await(finished_runs, "1");
  scene.put("second.json", job("second"));
  const auto begun = std::chrono::steady_clock::now();
  scene.daemon->wait_until(
      [&] { return std::chrono::steady_clock::now() - begun > std::chrono::milliseconds{150}; });
  // A daemon that is late sees both at once, and the second run is unfinished then.
  scene.put("job.json", job("third", R"(, "conflict": "allow")"));

  scene.daemon->wait_until([&] {
    return scene.in_store(finished_runs) == "3" ||
           std::chrono::steady_clock::now() - begun > std::chrono::seconds{30};
  });
  CHECK(scene.in_store(finished_runs) == "3");
  CHECK(scene.in_store(state_of_job) == "good 1");
  CHECK(scene.stop() == 0);
}

}  // namespace sluice::tests
