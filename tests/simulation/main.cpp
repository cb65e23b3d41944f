// SPDX-License-Identifier: MIT
// The simulation's program: runs seeds, on as many processes as asked for, and makes a failing one smaller.
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "simulation/seed_runner.hpp"

namespace {

using namespace sluice::simulation;

struct Options {
  std::uint64_t first = 1;
  std::uint64_t last = 100;
  std::vector<std::uint64_t> listed;  ///< instead of these
  unsigned jobs = 1;
  bool is_traced = false;
  bool wants_summary = false;
  bool shrinks = true;
  Limits limits;
};

[[noreturn]] void refuse(const std::string& what) {
  fmt::print(stderr,
             "{}\n"
             "sluice_simulation [--seed N | --seeds N | --seeds A..B | --seeds-in FILE] [--jobs N] [--trace] "
             "[--summary]\n"
             "                  [--off FAULT,FAULT…] [--devices N] [--runs N] [--minutes N] [--no-shrink]\n"
             "Faults: {}\n",
             what, fmt::join(fault_names, " "));
  std::exit(2);
}

template <class Number>
Number number(std::string_view text) {
  Number value{};
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) {
    refuse(fmt::format("\"{}\" is no number", text));
  }
  return value;
}

void read_faults(std::string_view text, std::set<Fault>& faults) {
  while (!text.empty()) {
    const std::string_view name = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), name.size() + 1));
    const auto found = std::find(fault_names.begin(), fault_names.end(), name);
    if (found == fault_names.end()) refuse(fmt::format("there is no fault \"{}\"", name));
    faults.insert(static_cast<Fault>(found - fault_names.begin()));
  }
}

void read_seeds(std::string_view text, Options& options) {
  const std::size_t dots = text.find("..");
  options.first = dots == text.npos ? 1 : number<std::uint64_t>(text.substr(0, dots));
  options.last = number<std::uint64_t>(dots == text.npos ? text : text.substr(dots + 2));
}

/// A seed a line, `#` begins a comment.
void read_list(const std::string& path, Options& options) {
  std::ifstream file{path};
  if (!file) refuse(fmt::format("{} cannot be read", path));
  for (std::string line; std::getline(file, line);) {
    line.erase(std::min(line.find('#'), line.size()));
    line.erase(std::remove(line.begin(), line.end(), ' '), line.end());
    if (!line.empty()) options.listed.push_back(number<std::uint64_t>(line));
  }
  options.first = 1;
  options.last = options.listed.size();
}

Options read_options(int count, char** words) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    const auto value = [&]() -> std::string_view {
      if (++i >= count) refuse(fmt::format("{} needs a value", word));
      return words[i];
    };
    if (word == "--seed") {
      options.first = options.last = number<std::uint64_t>(value());
    } else if (word == "--seeds") {
      read_seeds(value(), options);
    } else if (word == "--seeds-in") {
      read_list(std::string{value()}, options);
    } else if (word == "--jobs") {
      options.jobs = std::max(1U, number<unsigned>(value()));
    } else if (word == "--trace") {
      options.is_traced = true;
    } else if (word == "--summary") {
      options.wants_summary = true;
    } else if (word == "--no-shrink") {
      options.shrinks = false;
    } else if (word == "--off") {
      read_faults(value(), options.limits.off);
    } else if (word == "--devices") {
      options.limits.devices_max = number<int>(value());
    } else if (word == "--runs") {
      options.limits.runs_max = number<int>(value());
    } else if (word == "--minutes") {
      options.limits.minutes_max = number<int>(value());
    } else {
      refuse(fmt::format("what is \"{}\"?", word));
    }
  }
  return options;
}

std::string words_of(const Limits& limits) {
  std::string words;
  if (limits.devices_max) words += fmt::format(" --devices {}", *limits.devices_max);
  if (limits.runs_max) words += fmt::format(" --runs {}", *limits.runs_max);
  if (limits.minutes_max) words += fmt::format(" --minutes {}", *limits.minutes_max);
  std::string off;
  for (const Fault fault : limits.off) {
    off += (off.empty() ? " --off " : ",") + std::string{fault_names[static_cast<std::size_t>(fault)]};
  }
  return words + off;
}

/// Whether the seed breaks the same invariant within these limits.
bool still_fails(Place& place, std::uint64_t seed, const Limits& limits, const std::string& invariant) {
  Totals ignored;
  const SeedResult result = run_seed(place, seed, limits, false, ignored);
  return result.violation && result.violation->invariant == invariant;
}

Limits shrunk(Place& place, std::uint64_t seed, Limits limits, const std::string& invariant) {
  for (std::size_t i = 0; i < fault_names.size(); ++i) {
    if (scenario_of(seed, limits).rates[i] == 0) continue;
    Limits fewer = limits;
    fewer.off.insert(static_cast<Fault>(i));
    if (still_fails(place, seed, fewer, invariant)) limits = fewer;
  }
  const auto lower = [&](std::optional<int> Limits::* limit, int from) {
    for (int value = from / 2; value >= 1; value /= 2) {
      Limits less = limits;
      less.*limit = value;
      if (!still_fails(place, seed, less, invariant)) return;
      limits = less;
    }
  };
  lower(&Limits::runs_max, 6);
  lower(&Limits::devices_max, 4096);
  lower(&Limits::minutes_max, 64);
  return limits;
}

void report(Place& place, std::uint64_t seed, const Options& options, const Violation& violation) {
  fmt::print("seed {}: {}: {}\n", seed, violation.invariant, violation.sentence);
  Limits smallest = options.limits;
  if (options.shrinks) smallest = shrunk(place, seed, options.limits, violation.invariant);
  fmt::print("  re-run: build/release/tests/sluice_simulation --seed {}{} --trace\n", seed,
             words_of(smallest));
  std::fflush(stdout);
}

/// Every jobs-th seed. @return how many failed
std::uint64_t work(const Options& options, unsigned job, CrashVfs& vfs, Totals& totals) {
  Place place{vfs, scratch_folder()};
  std::uint64_t failures = 0;
  for (std::uint64_t n = options.first + job; n <= options.last; n += options.jobs) {
    const std::uint64_t seed = options.listed.empty() ? n : options.listed[n - 1];
    const SeedResult result = run_seed(place, seed, options.limits, options.is_traced, totals);
    if (result.violation) {
      if (++failures <= 3) report(place, seed, options, *result.violation);
      continue;
    }
    if (seed % 100 != 0) continue;
    Totals ignored;
    ++totals.twice;
    if (run_seed(place, seed, options.limits, false, ignored).hash == result.hash) continue;
    ++failures;
    fmt::print("seed {}: it went another way when it was run once more\n", seed);
  }
  return failures;
}

struct Outcome {
  Totals totals;
  std::uint64_t failures = 0;
};

Outcome work_in_processes(const Options& options, CrashVfs& vfs) {
  Outcome all;
  std::vector<std::pair<pid_t, int>> children;
  for (unsigned job = 0; job < options.jobs; ++job) {
    int ends[2];
    if (::pipe(ends) != 0) std::abort();
    std::fflush(stdout);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(ends[0]);
      Outcome mine;
      mine.failures = work(options, job, vfs, mine.totals);
      const bool is_told = ::write(ends[1], &mine, sizeof mine) == static_cast<ssize_t>(sizeof mine);
      std::fflush(stdout);
      ::_exit(is_told ? 0 : 1);
    }
    ::close(ends[1]);
    children.emplace_back(child, ends[0]);
  }
  for (const auto& [child, end] : children) {
    Outcome one;
    const bool is_told = ::read(end, &one, sizeof one) == static_cast<ssize_t>(sizeof one);
    ::close(end);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (!is_told) {
      fmt::print("a process of the simulation died (status {}): run its seeds with --jobs 1\n", status);
      ++all.failures;
      continue;
    }
    all.failures += one.failures;
    const auto* from = reinterpret_cast<const std::uint64_t*>(&one.totals);
    auto* to = reinterpret_cast<std::uint64_t*>(&all.totals);
    for (std::size_t i = 0; i < sizeof(Totals) / sizeof(std::uint64_t); ++i) to[i] += from[i];
  }
  return all;
}

void print_summary(const Totals& totals, std::uint64_t failures, double seconds) {
  const auto share = [&](std::uint64_t count) {
    return totals.chunks == 0 ? 0.0 : 100.0 * static_cast<double>(count) / static_cast<double>(totals.chunks);
  };
  fmt::print("seeds        {} in {:.1f} s, {:.0f} a second; {} failed; {} run twice\n", totals.seeds, seconds,
             static_cast<double>(totals.seeds) / seconds, failures, totals.twice);
  fmt::print("time         {:.1f} virtual days, {} processes\n",
             static_cast<double>(totals.virtual_seconds) / 86'400, totals.processes);
  fmt::print("crashes      {} ({} kills, {} power cuts); {} failed syncs, {} other errors of the disk\n",
             totals.kills + totals.power_cuts, totals.kills, totals.power_cuts, totals.failed_syncs,
             totals.disk_errors);
  fmt::print("requests     {} sent, {} of them replays; {} executed\n", totals.sends, totals.replays,
             totals.executions);
  fmt::print(
      "chunks       {}: confirmed {:.1f} %, presumed {:.1f} %, failed {:.1f} %, in doubt {:.1f} %, canceled "
      "{:.1f} %\n",
      totals.chunks, share(totals.confirmed), share(totals.presumed), share(totals.failed),
      share(totals.in_doubt), share(totals.canceled));
  fmt::print("recounts     {}\n", totals.recounts);
}

}  // namespace

int main(int count, char** words) {
  const Options options = read_options(count, words);
  CrashVfs vfs;
  const auto begin = std::chrono::steady_clock::now();
  Outcome outcome;
  if (options.jobs == 1) {
    outcome.failures = work(options, 0, vfs, outcome.totals);
  } else {
    outcome = work_in_processes(options, vfs);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  if (options.wants_summary || outcome.failures > 0)
    print_summary(outcome.totals, outcome.failures, took.count());
  if (outcome.failures == 0) fmt::print("{} seeds, no invariant violated\n", outcome.totals.seeds);
  return outcome.failures == 0 ? 0 : 1;
}
