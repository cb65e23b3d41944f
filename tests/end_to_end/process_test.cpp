// SPDX-License-Identifier: MIT
// What an operating system does to a process: two of them at once, one that is frozen, one whose output
// nobody takes any more.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>

#include "end_to_end/truth.hpp"
#include "store/sqlite/raw_sqlite.hpp"

namespace sluice::tests {
namespace {

using namespace std::chrono_literals;

/// Starts them one right after the other. @return how they ended, the refused ones first
std::vector<ProgramEnd> run_at_once(const Scene& scene, int count, const Words& words) {
  std::vector<std::unique_ptr<Program>> programs;
  for (int i = 0; i < count; ++i) programs.push_back(scene.start(words));
  std::vector<ProgramEnd> ends;
  for (const auto& program : programs) ends.push_back(program->wait());
  std::partition(ends.begin(), ends.end(), [](const ProgramEnd& end) { return end.exit_code == 6; });
  return ends;
}

void check_one_of(const std::vector<ProgramEnd>& ends, const Scene& scene, std::size_t fleet) {
  for (std::size_t i = 0; i + 1 < ends.size(); ++i) {
    CHECK_MESSAGE(ends[i].exit_code == 6, ends[i].err);
    CHECK_MESSAGE(ends[i].err.find(scene.store) != std::string::npos, ends[i].err);
  }
  CHECK_MESSAGE(ends.back().exit_code == 0, ends.back().err);
  const Truth truth = truth_of(scene, fleet, 60);
  CHECK_MESSAGE((truth.holds() && truth.confirmed == static_cast<long>(fleet)), to_text(truth));
}

/// Runs a shell script in which `$@` is the program and its words.
ProgramEnd by_shell(const Scene& scene, const std::string& script, const Words& words) {
  Words all{"-c", script, "sh", SLUICE_PROGRAM};
  all.insert(all.end(), words.begin(), words.end());
  Program shell{{.file = "/bin/sh",
                 .arguments = all,
                 .environment = scene.environment,
                 .input = {},
                 .folder = scene.folder.path().string()}};
  return shell.wait();
}

/// 60 requests a second, five devices each.
void set_up(Scene& scene, const char* faults = "{}") {
  scene.folder.write("job.json", job_text(R"("chunk_size": 5,)"));
  simulator::Options cloud = cloud_with(faults);
  cloud.requests_per_second = 60;
  scene.start_cloud(cloud);
  scene.rate = "60";
}

}  // namespace

TEST_CASE(
    "end to end: of fifty processes started on one store at the same moment, one sends and all others are "
    "refused") {
  Scene scene{300};
  set_up(scene);
  REQUIRE(scene
              .sluice({"submit", scene.job, "--yes", "--store", scene.store, "--rate", "60", "--endpoint",
                       scene.cloud->url()})
              .exit_code == 0);

  const std::vector<ProgramEnd> ends = run_at_once(scene, 50, scene.resume({"--quiet"}));

  check_one_of(ends, scene, 300);
}

TEST_CASE(
    "end to end: of six processes that create the store at the same moment, one does, and five are refused") {
  Scene scene{300};
  set_up(scene);

  const std::vector<ProgramEnd> ends = run_at_once(scene, 6, scene.run({"--quiet"}));

  check_one_of(ends, scene, 300);
}

TEST_CASE(
    "end to end: a process frozen beyond all its deadlines sends no burst and nothing twice when it thaws") {
  // The cloud loses what arrives for half a second, so that requests without an answer are on their way.
  Scene scene{600};
  set_up(scene, R"({"latency": {"uniform_ms": [5, 40]},
                                      "outages": [{"from_s": 0.3, "to_s": 0.8, "kind": "stall"}]})");
  std::unique_ptr<Program> run = scene.start(scene.run({"--quiet", "--timeout", "1s"}));
  REQUIRE(run->wait_until([&] { return scene.cloud->summary().requests >= 30; }));

  run->send_signal(SIGSTOP);
  CHECK_FALSE(run->ends_within(3s));
  run->send_signal(SIGCONT);
  const ProgramEnd end = run->wait();

  CHECK_MESSAGE(end.exit_code == 0, end.err);
  const Truth truth = truth_of(scene, 600, 60);
  // Where the machine is so slow that an answer misses its second, the repetition finds the nonce used.
  CHECK_MESSAGE((truth.holds() && truth.confirmed + truth.presumed == 600), to_text(truth));
  // Those that got no answer were sent again.
  CHECK(truth.sends > 120);
}

TEST_CASE("end to end: a run waits while another program locks its store, says so, and drops no answer") {
  Scene scene{300};
  set_up(scene);
  const std::unique_ptr<Program> run = scene.start(scene.run({"--progress", "plain"}));
  REQUIRE(run->wait_until([&] { return scene.cloud->summary().requests >= 20; }));

  // Longer than SQLite waits, so the verbs fail.
  store_tests::RawSqlite other{scene.store};
  other.run("BEGIN IMMEDIATE");
  CHECK_FALSE(run->ends_within(7s));
  other.run("ROLLBACK");
  const ProgramEnd end = run->wait();

  CHECK_MESSAGE(end.exit_code == 0, end.err);
  CHECK_MESSAGE(end.err.find("store_held by=\"another program\"") != std::string::npos, end.err);
  CHECK_MESSAGE(end.err.find("store_free") != std::string::npos, end.err);
  const Truth truth = truth_of(scene, 300, 60);
  // An answer that was dropped would have cost a repetition.
  CHECK_MESSAGE((truth.holds() && truth.confirmed == 300 && truth.sends == 60), to_text(truth));
}

TEST_CASE(
    "end to end: a limit on the size of files is met like a full disk: no signal kills, nothing is lost") {
  Scene scene{600};
  set_up(scene);
  scene.folder.write("job.json", job_text(R"("chunk_size": 1,)"));
  scene.start_cloud();
  scene.rate = "500";

  // In blocks of 512 bytes. What 600 attempts leave in the log is more.
  const ProgramEnd limited = by_shell(scene, R"(ulimit -f 2048; exec "$@")", scene.run({"--quiet"}));
  CHECK(limited.exit_code == 1);
  CHECK_MESSAGE(limited.err.find("The disk is full: free some space") != std::string::npos, limited.err);
  const ProgramEnd resumed = scene.sluice(scene.resume({"--quiet"}));

  CHECK_MESSAGE(resumed.exit_code == 0, resumed.err);
  const Truth truth = truth_of(scene, 600, 500);
  CHECK_MESSAGE((truth.holds() && truth.in_doubt == 0), to_text(truth));
}

TEST_CASE(
    "end to end: whatever a run is doing when there is no more memory, it ends, and resume loses nothing") {
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  MESSAGE("not tested: the sanitizer reserves more memory than any limit allows");
#else
  // From too little to begin to enough, in steps of three quarters of a MiB: some end by a message, some by
  // an exception that nobody catches.
  constexpr int least_kib = 18'000;
  constexpr std::size_t steps = 24;
  std::atomic<int> died = 0;

  const std::vector<std::string> complaints = complaints_of(steps, [&](std::size_t step) -> std::string {
    Scene scene{60};
    set_up(scene);
    const std::string script = fmt::format(R"(ulimit -v {}; exec "$@")", least_kib + 768 * step);
    const ProgramEnd end = by_shell(scene, script, scene.run({"--quiet"}));
    died += end.exit_code == 0 ? 0 : 1;
    const ProgramEnd finished = finish(scene);
    const Truth truth = truth_of(scene, 60, 60);
    if (finished.exit_code == 0 && truth.holds() && truth.in_doubt == 0) return {};
    return fmt::format("{}: ended with {}: {}\nand then with {}: {}\n{}", script, end.exit_code, end.err,
                       finished.exit_code, to_text(truth), finished.err);
  });

  CHECK_MESSAGE(complaints.empty(), fmt::format("{}", fmt::join(complaints, "\n")));
  CHECK(died > 0);
#endif
}

TEST_CASE(
    "end to end: a run whose reader has gone away goes on to its end, and says what it could not print") {
  Scene scene{100};
  set_up(scene);

  const ProgramEnd end =
      by_shell(scene, R"({ "$@" 3>&-; echo "exit $?" >&3; } 3>exit.txt | true)", scene.run());

  CHECK(content_of(scene.folder / "exit.txt") == "exit 1\n");
  CHECK(end.err.find("standard output cannot be written") != std::string::npos);
  const Truth truth = truth_of(scene, 100, 60);
  CHECK_MESSAGE((truth.holds() && truth.confirmed == 100), to_text(truth));
}

TEST_CASE("end to end: a run whose summary cannot be written is named on stderr, with what comes next") {
  for (const char* format : {"text", "json"}) {
    CAPTURE(format);
    Scene scene{100};
    set_up(scene);

    const ProgramEnd end = by_shell(scene, R"("$@" >/dev/full)", scene.run({"--output", format}));

    CHECK(end.exit_code == 1);
    CHECK(end.err.find(
              "sluice: standard output cannot be written\n  run 1: succeeded. Next: sluice results 1") !=
          std::string::npos);
    CHECK(each_once(scene.executions(), 100));
  }
}

TEST_CASE("end to end: a report that cannot be written says so, in every format") {
  Scene scene{100};
  set_up(scene);
  REQUIRE(scene.sluice(scene.run()).exit_code == 0);

  for (const char* format : {"text", "json"}) {
    CAPTURE(format);
    const ProgramEnd end =
        by_shell(scene, R"("$@" >/dev/full)", {"status", "1", "--store", scene.store, "--output", format});
    CHECK(end.exit_code == 1);
    CHECK(end.err.find("standard output cannot be written") != std::string::npos);
  }
}

TEST_CASE("end to end: attempts are shown without progress where they are asked for, and only there") {
  Scene scene{100};
  set_up(scene);

  const ProgramEnd asked = scene.sluice(scene.run({"--verbose", "--progress", "none"}));
  const ProgramEnd not_asked = scene.sluice(scene.run({"--progress", "none"}));

  CHECK(asked.err.find("attempt_settled run=1 chunk=") != std::string::npos);
  CHECK(asked.err.find("progress run=") == std::string::npos);
  CHECK(not_asked.err.find("attempt_settled") == std::string::npos);
}

TEST_CASE("end to end: a run whose terminal takes no more progress goes on to its end") {
  Scene scene{100};
  set_up(scene);

  by_shell(scene, R"({ "$@" 2>&1 >/dev/null 3>&-; echo "exit $?" >&3; } 3>exit.txt | true)",
           scene.run({"--progress", "plain"}));

  CHECK(content_of(scene.folder / "exit.txt") == "exit 0\n");
  const Truth truth = truth_of(scene, 100, 60);
  CHECK_MESSAGE((truth.holds() && truth.confirmed == 100), to_text(truth));
}

TEST_CASE("end to end: a run started with closed standard streams keeps its store whole") {
  // The next file to be opened gets the number of the closed stream: what is printed must not end up in it.
  for (const char* script :
       {R"("$@" <&- >&- 2>&-)", R"("$@" </dev/null >&- 2>&-)", R"("$@" </dev/null 2>&-)"}) {
    CAPTURE(script);
    Scene scene{100};
    set_up(scene);

    const ProgramEnd end = by_shell(scene, script, scene.run());

    CHECK(end.exit_code == 0);
    const Truth truth = truth_of(scene, 100, 60);
    CHECK_MESSAGE((truth.holds() && truth.confirmed == 100), to_text(truth));
    for (const auto& file : std::filesystem::directory_iterator{scene.folder / "store"}) {
      const std::string content = content_of(file.path());
      const bool is_printed_into =
          content.find("accepted 100,") != content.npos || content.find("key from") != content.npos;
      CHECK_MESSAGE(!is_printed_into, file.path().string());
    }
  }
}

}  // namespace sluice::tests
