// SPDX-License-Identifier: MIT
// A disk that is full or read-only: said in one message, and nothing is lost or sent twice. The disks are
// small ones in memory, mounted for the program alone; where the system does not allow that, the tests say
// so.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "end_to_end/scene.hpp"

namespace sluice::tests {
namespace {

constexpr int cannot_mount = 77;

/// Runs a shell script with a mount table of its own, in which the store's folder is a disk of 1 MiB. `$1` is
/// the program, `$2` the store's folder; the rest are the words of `sluice resume 1` but for the first two.
ProgramEnd run_on_small_disk(const Scene& scene, const std::string& script) {
  const std::string folder = std::filesystem::path{scene.store}.parent_path().string();
  std::filesystem::create_directories(folder);
  Words words{::geteuid() == 0 ? "-m" : "-Urm",
              "/bin/sh",
              "-c",
              fmt::format("mount -t tmpfs -o size=1m none \"$2\" || exit {}\n"
                          "sluice=$1 disk=$2; shift 4\n{}",
                          cannot_mount, script),
              "sh",
              SLUICE_PROGRAM,
              folder};
  const Words resume = scene.resume();
  words.insert(words.end(), resume.begin(), resume.end());
  Program program{{.file = "/usr/bin/unshare",
                   .arguments = words,
                   .environment = scene.environment,
                   .input = {},
                   .folder = scene.folder.path().string()}};
  return program.wait();
}

bool was_possible(const ProgramEnd& end) {
  const bool is_possible =
      end.exit_code != cannot_mount && end.err.find("unshare failed") == std::string::npos;
  if (!is_possible) MESSAGE("not tested: no disk can be mounted here: ", end.err);
  return is_possible;
}

}  // namespace

TEST_CASE("end to end: a list that does not fit on the disk is refused whole, and goes once there is room") {
  Scene scene{3};
  scene.start_cloud();
  scene.folder.write("large.txt", device_lines(200'000));

  const ProgramEnd end = run_on_small_disk(scene, R"(
    "$sluice" run job.json --yes --devices large.txt "$@"; echo "large: $?"
    "$sluice" list --store "$disk/sluice.db"
    mount -o remount,size=8m "$disk"
    "$sluice" run job.json -q "$@" > small.out; echo "small: $?")");

  if (!was_possible(end)) return;
  CAPTURE(end.err);
  CHECK(end.out == "large: 1\nno runs yet. Next: sluice run JOB\nsmall: 0\n");
  CHECK(end.err.find("The disk is full: free some space") != std::string::npos);
  CHECK(each_once(scene.executions(), 3));
}

TEST_CASE("end to end: a disk that fills up in the middle of a run loses nothing, and resume goes on") {
  Scene scene{600};
  scene.folder.write("job.json", job_text(R"("chunk_size": 1,)"));
  scene.start_cloud();

  // What 600 attempts leave behind is more than the disk holds.
  const ProgramEnd end = run_on_small_disk(scene, R"(
    "$sluice" run job.json --yes --output json "$@" > full.out; echo "full: $?"
    mount -o remount,size=32m "$disk"
    "$sluice" resume 1 -q "$@" > rest.out; echo "rest: $?")");

  if (!was_possible(end)) return;
  CAPTURE(end.err);
  CHECK(end.out == "full: 1\nrest: 0\n");
  // On stdout the error alone, as one object; on stderr what was recorded before it.
  const auto answer = json_object(content_of(scene.folder / "full.out"));
  CHECK(answer.at("error").at("code") == "storage");
  CHECK(answer.at("error").at("hint").as_string().find("The disk is full: free some space") !=
        std::string::npos);
  CHECK(end.err.find("run 1 (fw-2.14): interrupted") != std::string::npos);
  CHECK(each_once(scene.executions(), 600));
}

TEST_CASE("end to end: a store on a read-only disk is refused with the next step, and nothing is sent") {
  Scene scene{3};
  scene.start_cloud();

  const ProgramEnd end = run_on_small_disk(scene, R"(
    "$sluice" submit job.json -q "$@" > submit.out 2>&1 || exit 1
    mount -o remount,ro "$disk"
    "$sluice" run job.json "$@"; echo "run: $?"
    "$sluice" resume 1 "$@"; echo "resume: $?")");

  if (!was_possible(end)) return;
  CAPTURE(end.err);
  CHECK(end.out == "run: 1\nresume: 1\n");
  CHECK(end.err.find("Read-only file system") != std::string::npos);
  CHECK(end.err.find("--store PATH") != std::string::npos);
  CHECK(scene.executions().empty());
}

}  // namespace sluice::tests
