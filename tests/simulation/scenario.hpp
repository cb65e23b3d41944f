// SPDX-License-Identifier: MIT
// What a seed is about: its job, and which faults it has at which rates. Everything is drawn in one order
// whatever is switched off, so that a failing seed keeps its character while it is made smaller.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "simulation/dice.hpp"
#include "simulation/rollout_plan.hpp"
#include "sluice/core/job.hpp"

namespace sluice::simulation {

enum class Fault {
  kill,
  power_cut,
  stop,
  second_owner,
  stale_settle,
  freeze,
  suspend,
  wall_jump,
  drift,
  sync_fails,
  disk_full,
  io_error,
  busy,
  slow_disk,
  no_connection,
  request_lost,
  answer_lost,
  late,
  duplicate,
  refused_before,
  error_before,
  error_after,
  throttle,
  retry_after,
  garbage,
  redirect,
  blocked,
  bad_devices,
  rejected_job,
  outage,
  other_tenants,
  pause,
  cancel,
  doubt_verbs,
  key_rotation,
  older_copy,
  // Rollouts. Their dice are thrown apart, so that a seed without them is what it was before there were any.
  stages,
  thresholds,
  windows,
  deadlines,
  device_pace,
  priorities,
  denied,
  approve,
  rate_order,
  unpause,
  outside_doubt,
  again,
};

inline constexpr std::array<std::string_view, 48> fault_names{
    "kill",          "power_cut",      "stop",          "second_owner", "stale_settle",  "freeze",
    "suspend",       "wall_jump",      "drift",         "sync_fails",   "disk_full",     "io_error",
    "busy",          "slow_disk",      "no_connection", "request_lost", "answer_lost",   "late",
    "duplicate",     "refused_before", "error_before",  "error_after",  "throttle",      "retry_after",
    "garbage",       "redirect",       "blocked",       "bad_devices",  "rejected_job",  "outage",
    "other_tenants", "pause",          "cancel",        "doubt_verbs",  "key_rotation",  "older_copy",
    "stages",        "thresholds",     "windows",       "deadlines",    "device_pace",   "priorities",
    "denied",        "approve",        "rate_order",    "unpause",      "outside_doubt", "again"};

/// What the command line changes of a seed's scenario.
struct Limits {
  std::set<Fault> off;
  std::optional<int> devices_max;
  std::optional<int> runs_max;
  std::optional<int> minutes_max;
};

struct RunPlan {
  int devices = 1;
  std::size_t chunk_size = 1;
  bool safe_to_repeat = false;
  OnDoubt on_doubt = OnDoubt::hold;
  RetryPolicy retry;
  std::vector<bool> is_bad;  ///< of each device: refused, and the whole request with it
  RolloutPlan rollout;
};

struct Scenario {
  std::uint64_t seed = 0;
  std::vector<RunPlan> runs;
  double rate = 10;
  std::size_t in_flight = 32;
  Nanos safety_phase{0};
  Nanos stretch{0};  ///< a minute, or less if there is little to send: nothing would happen meanwhile
  bool dispatches_together = false;   ///< the runs of an account by one dispatcher, not one after the other
  bool is_restarted_at_once = false;  ///< whenever it dies, as a service manager does
  bool begins_empty = false;          ///< the store is made in this seed
  bool tells_date = true;
  bool stores_nonce_first = true;  ///< before anything is refused for another reason
  Nanos nonce_retention{0};
  Nanos latency{0};
  Nanos jitter{0};
  int denied_from_life = 1;  ///< whoever starts before knows of no deny list

  bool has(Fault fault) const { return rates[static_cast<std::size_t>(fault)] > 0; }
  /// A probability per request, call or occasion; or, for what happens by itself, times a `stretch`.
  double rate_of(Fault fault) const { return rates[static_cast<std::size_t>(fault)]; }

  std::array<double, fault_names.size()> rates{};
};

Scenario scenario_of(std::uint64_t seed, const Limits& limits);

}  // namespace sluice::simulation
