// SPDX-License-Identifier: MIT
// The system calls of the store, taken away one by one: the real program is killed at each of its first
// writes and syncs, or these fail; and those that a run makes, looked at. Where strace is missing or must not
// trace, the tests say so.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "end_to_end/truth.hpp"

namespace sluice::tests {
namespace {

constexpr const char* strace = "/usr/bin/strace";
constexpr std::size_t fleet = 60;
constexpr int rate = 60;

/// `sluice run` under strace, which writes the calls that are named to trace.txt.
ProgramEnd run_traced(const Scene& scene, const std::string& calls, const Words& options = {}) {
  Words words{"-f", "-qqq", "-o", scene.folder / "trace.txt", "-e", "trace=" + calls};
  words.insert(words.end(), options.begin(), options.end());
  words.push_back(SLUICE_PROGRAM);
  const Words run = scene.run({"--quiet"});
  words.insert(words.end(), run.begin(), run.end());
  std::vector<std::string> environment = scene.environment;
  // The search for leaks is a tracer itself, and two cannot be.
  std::erase_if(environment,
                [](const std::string& variable) { return variable.starts_with("ASAN_OPTIONS="); });
  environment.push_back("ASAN_OPTIONS=detect_leaks=0");
  Program program{{.file = strace,
                   .arguments = words,
                   .environment = environment,
                   .input = {},
                   .folder = scene.folder.path().string()}};
  return program.wait();
}

/// With what strace is to do to the n-th system call: "fdatasync:error=EIO:when=3".
ProgramEnd run_injected(const Scene& scene, const std::string& injection) {
  return run_traced(scene, "pread64,pwrite64,fdatasync,fsync", {"-e", "inject=" + injection});
}

/// Of the calls on the database's own file only: the loader reads as well.
ProgramEnd run_injected_in_database(const Scene& scene, const std::string& injection) {
  return run_traced(scene, "pread64,pwrite64", {"-P", scene.store, "-e", "inject=" + injection});
}

bool can_trace() {
  if (!std::filesystem::exists(strace)) {
    MESSAGE("not tested: there is no strace here");
    return false;
  }
  const std::string command =
      fmt::format("{} -f -qqq -o /dev/null -e inject=fsync:error=EIO /bin/true 2>&1", strace);
  if (std::system(command.c_str()) == 0) return true;
  MESSAGE("not tested: processes must not be traced here");
  return false;
}

void set_up(Scene& scene) {
  scene.folder.write("job.json", job_text(R"("chunk_size": 3,)"));
  simulator::Options cloud = cloud_with(R"({"latency": {"uniform_ms": [2, 25]}})");
  cloud.requests_per_second = rate;
  scene.start_cloud(cloud);
  scene.rate = std::to_string(rate);
}

/// The lines of the trace that hold both texts.
std::vector<std::string> calls_with(const Scene& scene, std::string_view name, std::string_view argument) {
  std::vector<std::string> calls;
  std::istringstream lines{content_of(scene.folder / "trace.txt")};
  for (std::string line; std::getline(lines, line);) {
    if (line.find(name) != line.npos && line.find(argument) != line.npos) calls.push_back(line);
  }
  return calls;
}

/// @return what was wrong with going on after that end; empty: nothing
std::string go_on(const Scene& scene, const std::string& injection, const ProgramEnd& end) {
  const ProgramEnd finished = finish(scene);
  const Truth truth = truth_of(scene, fleet, rate);
  if (finished.exit_code == 0 && truth.holds() && truth.in_doubt == 0) return {};
  return fmt::format("{}: ended with {}: {}\nand then with {}: {}\n{}", injection, end.exit_code, end.err,
                     finished.exit_code, to_text(truth), finished.err);
}

}  // namespace

TEST_CASE(
    "end to end: killed at any of its first writes and syncs, a run goes on and executes each device once") {
  if (!can_trace()) return;
  std::vector<std::string> injections;
  for (int when = 1; when <= 30; ++when)
    injections.push_back(fmt::format("pwrite64:signal=KILL:when={}", when));
  for (int when = 1; when <= 10; ++when)
    injections.push_back(fmt::format("fdatasync:signal=KILL:when={}", when));

  const std::vector<std::string> complaints = complaints_of(injections.size(), [&](std::size_t i) {
    Scene scene{fleet};
    set_up(scene);
    const ProgramEnd killed = run_injected(scene, injections[i]);
    if (killed.exit_code != 128 + SIGKILL)
      return fmt::format("{}: was not killed: {}", injections[i], killed.err);
    return go_on(scene, injections[i], killed);
  });

  CHECK_MESSAGE(complaints.empty(), fmt::format("{}", fmt::join(complaints, "\n")));
}

TEST_CASE(
    "end to end: a sync that fails ends the program with a clear message, and the next start recovers") {
  if (!can_trace()) return;
  std::vector<std::string> injections;
  for (const int when : {1, 2, 3, 4, 5, 7, 10})
    injections.push_back(fmt::format("fdatasync:error=EIO:when={}", when));

  const std::vector<std::string> complaints = complaints_of(injections.size(), [&](std::size_t i) {
    Scene scene{fleet};
    set_up(scene);
    const ProgramEnd failed = run_injected(scene, injections[i]);
    const bool is_clear = failed.err.find(scene.store) != std::string::npos;
    if (failed.exit_code != 1 || !is_clear) {
      return fmt::format("{}: ended with {}: {}", injections[i], failed.exit_code, failed.err);
    }
    return go_on(scene, injections[i], failed);
  });

  CHECK_MESSAGE(complaints.empty(), fmt::format("{}", fmt::join(complaints, "\n")));
}

TEST_CASE("end to end: a write that finds the disk full is reported, and with room again the run goes on") {
  if (!can_trace()) return;
  std::vector<std::string> injections;
  for (const int when : {1, 4, 9, 15, 22, 30})
    injections.push_back(fmt::format("pwrite64:error=ENOSPC:when={}", when));

  const std::vector<std::string> complaints = complaints_of(injections.size(), [&](std::size_t i) {
    Scene scene{fleet};
    set_up(scene);
    const ProgramEnd failed = run_injected(scene, injections[i]);
    if (failed.exit_code != 1) {
      return fmt::format("{}: ended with {}: {}", injections[i], failed.exit_code, failed.err);
    }
    return go_on(scene, injections[i], failed);
  });

  CHECK_MESSAGE(complaints.empty(), fmt::format("{}", fmt::join(complaints, "\n")));
}

TEST_CASE(
    "end to end: a read that fails ends the program with a clear message, and the next start recovers") {
  if (!can_trace()) return;
  std::vector<std::string> injections;
  for (const int when : {1, 3, 6, 9}) injections.push_back(fmt::format("pread64:error=EIO:when={}", when));

  const std::vector<std::string> complaints = complaints_of(injections.size(), [&](std::size_t i) {
    Scene scene{fleet};
    set_up(scene);
    // A store that has been used is read when it is opened.
    scene.sluice({"submit", scene.job, "--store", scene.store, "--endpoint", scene.cloud->url()});
    const ProgramEnd failed = run_injected_in_database(scene, injections[i]);
    const bool is_clear = failed.err.find(scene.store) != std::string::npos;
    if (failed.exit_code != 1 || !is_clear || !scene.ledger().empty()) {
      return fmt::format("{}: ended with {}: {}", injections[i], failed.exit_code, failed.err);
    }
    return go_on(scene, injections[i], failed);
  });

  CHECK_MESSAGE(complaints.empty(), fmt::format("{}", fmt::join(complaints, "\n")));
}

TEST_CASE("end to end: reads and writes that a signal interrupts are made again, and the run succeeds") {
  if (!can_trace()) return;
  for (const std::string call : {"pread64", "pwrite64"}) {
    CAPTURE(call);
    Scene scene{fleet};
    set_up(scene);

    const std::string injection = call + ":error=EINTR:when=1+3";
    const ProgramEnd end =
        call == "pread64" ? run_injected_in_database(scene, injection) : run_injected(scene, injection);

    CHECK_MESSAGE(end.exit_code == 0, end.err);
    CHECK_FALSE(calls_with(scene, call, "EINTR").empty());
    const Truth truth = truth_of(scene, fleet, rate);
    CHECK_MESSAGE((truth.holds() && truth.confirmed == static_cast<long>(fleet)), to_text(truth));
  }
}

TEST_CASE(
    "end to end: a disk that takes a third of a second for each sync slows a run down and does nothing "
    "else") {
  if (!can_trace()) return;
  Scene scene{fleet};
  set_up(scene);

  const ProgramEnd end = run_injected(scene, "fdatasync:delay_exit=333000");

  CHECK_MESSAGE(end.exit_code == 0, end.err);
  const Truth truth = truth_of(scene, fleet, rate);
  const bool is_whole =
      truth.confirmed == static_cast<long>(fleet) && truth.sends == static_cast<long>(fleet) / 3;
  CHECK_MESSAGE((truth.holds() && is_whole), to_text(truth));
}

TEST_CASE("end to end: the folder of a new store is synced after each file that is created in it") {
  if (!can_trace()) return;
  Scene scene{fleet};
  set_up(scene);
  const std::string folder = std::filesystem::path{scene.store}.parent_path().string();

  const ProgramEnd end = run_traced(scene, "openat,fsync,fdatasync", {"-y"});

  REQUIRE_MESSAGE(end.exit_code == 0, end.err);
  // strace shows what a descriptor stands for: fsync(7</the/folder>).
  const std::vector<std::string> syncs = calls_with(scene, "sync(", "<" + folder + ">");
  CHECK(syncs.size() >= 2);
  std::istringstream lines{content_of(scene.folder / "trace.txt")};
  std::string last_created;
  for (std::string line; std::getline(lines, line);) {
    const bool is_in_folder = line.find(folder + "/") != line.npos;
    if (is_in_folder && line.find("O_EXCL") != line.npos) last_created = line;
    if (line.find("sync(") != line.npos && line.find("<" + folder + ">") != line.npos) last_created.clear();
  }
  CHECK(last_created == "");
}

TEST_CASE(
    "end to end: the store's files are closed to programs that are started, none is, and only SQLite opens "
    "the "
    "database") {
  if (!can_trace()) return;
  Scene scene{fleet};
  set_up(scene);

  const ProgramEnd end = run_traced(scene, "openat,fork,vfork,clone,clone3,execve");

  REQUIRE_MESSAGE(end.exit_code == 0, end.err);
  for (const std::string& call : calls_with(scene, "openat(", "\"" + scene.store)) {
    CHECK_MESSAGE(call.find("O_CLOEXEC") != call.npos, call);
  }
  // SQLite follows no link at the end of a path. Ours is the one that creates the file, and closes it before
  // SQLite has locked it.
  for (const std::string& call : calls_with(scene, "openat(", "\"" + scene.store + "\"")) {
    CHECK_MESSAGE((call.find("O_NOFOLLOW") != call.npos || call.find("O_EXCL") != call.npos), call);
  }
  CHECK(calls_with(scene, "execve(", "").size() == 1);
  CHECK(calls_with(scene, "fork(", "").empty());
  for (const std::string name : {"clone(", "clone3("}) {
    for (const std::string& call : calls_with(scene, name, "")) {
      CHECK_MESSAGE(call.find("CLONE_THREAD") != call.npos, call);
    }
  }
}

}  // namespace sluice::tests
