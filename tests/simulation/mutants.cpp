// SPDX-License-Identifier: MIT
// Who tests the simulation? Each deliberate mistake of core/mutation.hpp is made in turn, and must be found.
// Compiled with SLUICE_MUTATIONS, as is the library that it is linked with; never shipped.
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "simulation/seed_runner.hpp"
#include "sluice/core/mutation.hpp"

namespace sluice {

Mutation seeded_mutation = Mutation::none;

}  // namespace sluice

namespace {

using namespace sluice;
using namespace sluice::simulation;

constexpr std::uint64_t seeds_at_most = 1000;
constexpr std::size_t at_once = 2;

constexpr std::array<std::pair<Mutation, std::string_view>, 45> mutants{{
    {Mutation::fresh_nonce_after_silence, "a fresh nonce after silence"},
    {Mutation::orphans_requeued, "orphans sent afresh after a restart"},
    {Mutation::send_before_intent, "sent before the intent commits"},
    {Mutation::told_before_commit, "a result told before its commit"},
    {Mutation::failed_commit_done, "a failed commit taken for done"},
    {Mutation::half_settled, "an answer recorded in two halves"},
    {Mutation::counters_apart, "counters in a second transaction"},
    {Mutation::synchronous_normal, "synchronous = NORMAL"},
    {Mutation::no_seal, "no durability seal at open"},
    {Mutation::boot_commit, "a boot commit instead of a checkpoint"},
    {Mutation::lock_ignored, "the owner's lock ignored"},
    {Mutation::generation_ignored, "the generation file ignored"},
    {Mutation::settle_unchecked, "a stale answer recorded"},
    {Mutation::no_cold_start_pause, "no pause at a cold start"},
    {Mutation::fixed_window, "a limiter with fixed windows"},
    {Mutation::retry_after_ignored, "Retry-After ignored"},
    {Mutation::retry_after_forgotten, "Retry-After forgotten by a restart"},
    {Mutation::budget_ignored, "the retry budget ignored"},
    {Mutation::attempts_unbounded, "attempts without a bound"},
    {Mutation::replay_after_answer, "a replay after a received 5xx"},
    {Mutation::replay_across_keys, "a replay under another key"},
    {Mutation::replay_any_time, "the replay window not checked"},
    {Mutation::replay_by_wall_clock, "the replay window by the wall clock alone"},
    {Mutation::replay_when_paused, "a pause ignored by replays"},
    {Mutation::nonce_used_confirmed, "a used nonce counted as confirmed"},
    {Mutation::unclear_not_executed, "unclear taken for not executed"},
    {Mutation::rejected_retried, "a rejection retried"},
    {Mutation::poison_not_held, "poison never held"},
    {Mutation::split_loses_device, "a split that loses a device"},
    {Mutation::split_doubles_device, "a split that doubles a device"},
    {Mutation::cancel_keeps_pending, "a canceled run that stays in the queue"},
    {Mutation::closed_stage_claimed, "a closed stage claimed"},
    {Mutation::threshold_halts_late, "a threshold that halts after its record"},
    {Mutation::lost_not_judged, "thresholds deaf to what a crash left"},
    {Mutation::gate_without_sample, "a gate that promotes without its sample"},
    {Mutation::resent_not_awaited, "a gate that does not wait for what is resent"},
    {Mutation::approval_ignored, "an approval ignored"},
    {Mutation::soak_anew, "a soak begun anew by a restart"},
    {Mutation::soak_forgotten, "a soak forgotten by a restart"},
    {Mutation::tally_forgotten, "a stage's counters lost by a restart"},
    {Mutation::hours_ignored_at_gate, "window and deadline ignored at the gate"},
    {Mutation::pause_forgotten_at_gate, "a pause forgotten by a waiting request"},
    {Mutation::minute_not_kept, "devices per minute spread, not counted"},
    {Mutation::rate_order_ignored, "an ordered pace ignored"},
    {Mutation::denied_sent, "the deny list ignored"},
}};

struct Found {
  std::uint64_t seed = 0;  ///< 0: not found
  char invariant[8] = {};
  char sentence[160] = {};
};

Found hunt(Mutation mutation, CrashVfs& vfs) {
  Place place{vfs, scratch_folder()};
  seeded_mutation = mutation;
  Totals ignored;
  Found found;
  for (std::uint64_t seed = 1; seed <= seeds_at_most; ++seed) {
    const SeedResult result = run_seed(place, seed, {}, false, ignored);
    if (!result.violation) continue;
    found.seed = seed;
    std::snprintf(found.invariant, sizeof found.invariant, "%s", result.violation->invariant.c_str());
    std::snprintf(found.sentence, sizeof found.sentence, "%s", result.violation->sentence.c_str());
    break;
  }
  return found;
}

struct Hunter {
  std::size_t mutant = 0;
  int end = 0;
  pid_t process = 0;
};

/// In a process of its own: a mutant may crash, which counts as found by nobody.
Hunter send_hunter(std::size_t mutant, CrashVfs& vfs) {
  int ends[2];
  if (::pipe(ends) != 0) std::abort();
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    const Found found = hunt(mutants[mutant].first, vfs);
    const bool is_told = ::write(ends[1], &found, sizeof found) == static_cast<ssize_t>(sizeof found);
    ::_exit(is_told ? 0 : 1);
  }
  ::close(ends[1]);
  return {mutant, ends[0], child};
}

/// @return whether it was found
bool take_report(const Hunter& hunter) {
  Found found;
  const bool is_told = ::read(hunter.end, &found, sizeof found) == static_cast<ssize_t>(sizeof found);
  ::close(hunter.end);
  ::waitpid(hunter.process, nullptr, 0);
  const std::string_view name = mutants[hunter.mutant].second;
  if (!is_told) {
    fmt::print("{:<44} {:>6}\n", name, "died");
  } else if (found.seed == 0) {
    fmt::print("{:<44} {:>6}\n", name, "-");
  } else {
    fmt::print("{:<44} {:>6}  {:<4} {}\n", name, found.seed, found.invariant, found.sentence);
  }
  std::fflush(stdout);
  return is_told && found.seed != 0;
}

}  // namespace

int main(int count, char** words) {
  const std::string_view only = count > 1 ? words[1] : "";
  std::vector<std::size_t> wanted;
  for (std::size_t i = 0; i < mutants.size(); ++i) {
    if (mutants[i].second.find(only) != std::string_view::npos) wanted.push_back(i);
  }
  CrashVfs vfs;
  fmt::print("{:<44} {:>6}  {}\n", "mutant", "seed", "invariant");
  std::deque<Hunter> hunters;
  std::size_t found = 0;
  for (std::size_t next = 0; next < wanted.size() || !hunters.empty();) {
    if (next < wanted.size() && hunters.size() < at_once) {
      hunters.push_back(send_hunter(wanted[next++], vfs));
      continue;
    }
    found += take_report(hunters.front()) ? 1 : 0;
    hunters.pop_front();
  }
  fmt::print("{}/{}\n", found, wanted.size());
  return found == wanted.size() ? 0 : 1;
}
