// SPDX-License-Identifier: MIT
#include "simulation/scenario.hpp"

#include <algorithm>

namespace sluice::simulation {
namespace {

using namespace std::chrono_literals;

struct RateRange {
  double low;
  double high;
  double likelihood;  ///< that a seed has the fault at all
};

/// In the order of Fault.
constexpr std::array<RateRange, fault_names.size()> ranges{{
    {0.1, 20, 0.65},        // kill, times a stretch
    {0.1, 0.9, 0.5},        // power_cut, of the deaths
    {0.05, 3, 0.3},         // stop, times a stretch
    {0.1, 5, 0.15},         // second_owner, times a stretch
    {0.3, 10, 0.2},         // stale_settle, times a stretch
    {0.05, 2, 0.2},         // freeze, times a stretch
    {0.05, 1, 0.15},        // suspend, times a stretch
    {0.1, 2, 0.4},          // wall_jump, times a stretch
    {1, 100, 0.3},          // drift, parts per million
    {0.0005, 0.02, 0.2},    // sync_fails, of the calls
    {0.0002, 0.01, 0.15},   // disk_full
    {0.0001, 0.003, 0.15},  // io_error
    {0.001, 0.05, 0.15},    // busy
    {0.01, 0.5, 0.2},       // slow_disk
    {0.005, 0.3, 0.25},     // no_connection, of the requests
    {0.005, 0.3, 0.35},     // request_lost
    {0.005, 0.3, 0.4},      // answer_lost
    {0.005, 0.2, 0.3},      // late
    {0.005, 0.2, 0.2},      // duplicate
    {0.005, 0.3, 0.25},     // refused_before
    {0.005, 0.2, 0.25},     // error_before
    {0.005, 0.2, 0.3},      // error_after
    {0.005, 0.2, 0.25},     // throttle
    {0.1, 1, 0.4},          // retry_after, of the refusals
    {0.005, 0.2, 0.15},     // garbage
    {0.001, 0.02, 0.05},    // redirect
    {0.02, 0.5, 0.1},       // blocked, times a stretch
    {0.002, 0.1, 0.3},      // bad_devices, of the devices
    {0.02, 0.5, 0.1},       // rejected_job, times a stretch
    {0.02, 0.5, 0.2},       // outage, times a stretch
    {0.01, 0.5, 0.15},      // other_tenants, of the quota
    {0.05, 1, 0.2},         // pause, times a stretch
    {0.02, 0.3, 0.15},      // cancel, times a stretch
    {0.1, 0.7, 0.4},        // doubt_verbs, of the breaks
    {0.1, 0.8, 0.15},       // key_rotation, of the starts
    {0.1, 0.5, 0.2},        // older_copy, of the breaks
    {0.4, 1, 0.5},          // stages, of the runs
    {0.4, 1, 0.4},          // thresholds, of the runs
    {0.3, 1, 0.12},         // windows, of the runs
    {0.3, 1, 0.12},         // deadlines, of the runs
    {0.3, 1, 0.15},         // device_pace, of the runs
    {0.3, 1, 0.4},          // priorities, of the runs
    {0.002, 0.1, 0.12},     // denied, of the devices
    {0.05, 3, 0.8},         // approve, times a stretch
    {0.1, 2, 0.15},         // rate_order, times a stretch
    {0.1, 2, 0.3},          // unpause, times a stretch
    {0.05, 0.7, 0.5},       // outside_doubt, of the questions
    {0.2, 0.9, 0.35},       // again, of the breaks
}};

constexpr auto rollouts_from = static_cast<std::size_t>(Fault::stages);
constexpr auto again_from = static_cast<std::size_t>(Fault::again);

RunPlan draw_run(Dice& dice, double bad_share, const Limits& limits) {
  RunPlan plan;
  plan.chunk_size = static_cast<std::size_t>(dice.log_between(1, 101));
  const double chunks = dice.log_between(1, 40);
  const int devices =
      std::max(1, static_cast<int>(chunks * static_cast<double>(plan.chunk_size) * dice.uniform()));
  const double policy = dice.uniform();
  plan.safe_to_repeat = policy < 0.12;
  plan.on_doubt = policy > 0.85 ? OnDoubt::resend : policy > 0.7 ? OnDoubt::presume : OnDoubt::hold;
  plan.retry.max_attempts = static_cast<int>(dice.between(1, 6));
  plan.retry.base = std::chrono::milliseconds{static_cast<int>(dice.log_between(50, 5000))};
  plan.retry.cap = std::chrono::milliseconds{static_cast<int>(dice.log_between(5000, 60'000))};
  const auto deadline = std::chrono::seconds{static_cast<int>(dice.log_between(30, 6 * 3600))};
  plan.retry.deadline = dice.chance(0.3) ? deadline : std::chrono::seconds{6 * 3600};
  plan.devices = std::min(devices, limits.devices_max.value_or(devices));
  for (int i = 0; i < devices; ++i) {
    const bool is_bad = dice.chance(bad_share);
    if (i < plan.devices) plan.is_bad.push_back(is_bad);
  }
  return plan;
}

RolloutOdds odds_of(const Scenario& scenario) {
  return {.stages = scenario.rate_of(Fault::stages),
          .thresholds = scenario.rate_of(Fault::thresholds),
          .windows = scenario.rate_of(Fault::windows),
          .deadlines = scenario.rate_of(Fault::deadlines),
          .device_paces = scenario.rate_of(Fault::device_pace),
          .priorities = scenario.rate_of(Fault::priorities),
          .denied = scenario.rate_of(Fault::denied)};
}

}  // namespace

Scenario scenario_of(std::uint64_t seed, const Limits& limits) {
  Dice dice{seed, 1};
  Scenario scenario;
  scenario.seed = seed;
  Dice rollout_dice{seed, 7};
  Dice again_dice{seed, 8};
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    Dice& of_fault = i < rollouts_from ? dice : i < again_from ? rollout_dice : again_dice;
    const bool is_on = of_fault.chance(ranges[i].likelihood);
    const double rate = of_fault.log_between(ranges[i].low, ranges[i].high);
    if (is_on && !limits.off.contains(static_cast<Fault>(i))) scenario.rates[i] = rate;
  }
  // A rollout is for what goes wrong: rollouts have more of it, and somebody who decides.
  const auto at_least = [&](Fault fault, double likelihood, double low) {
    const bool is_wanted = rollout_dice.chance(likelihood);
    const bool has_rollout = scenario.has(Fault::stages) || scenario.has(Fault::thresholds);
    double& of_fault = scenario.rates[static_cast<std::size_t>(fault)];
    if (is_wanted && has_rollout && !limits.off.contains(fault)) of_fault = std::max(of_fault, low);
  };
  at_least(Fault::bad_devices, 0.3, 0.02);
  at_least(Fault::doubt_verbs, 0.3, 0.6);
  at_least(Fault::slow_disk, 0.15, 0.3);
  const double rate = dice.log_between(0.5, 40);
  scenario.rate = dice.chance(0.5) ? std::max(1.0, std::round(rate)) : std::round(rate * 100) / 100;
  scenario.in_flight = static_cast<std::size_t>(dice.log_between(1, 33));
  const auto minutes = dice.span(30s, 40min);
  scenario.safety_phase =
      limits.minutes_max ? std::min<Nanos>(minutes, std::chrono::minutes{*limits.minutes_max}) : minutes;
  scenario.dispatches_together = dice.chance(0.4);
  scenario.is_restarted_at_once = dice.chance(0.35);
  scenario.begins_empty = dice.chance(0.05);
  scenario.tells_date = dice.chance(0.8);
  scenario.stores_nonce_first = dice.chance(0.6);
  scenario.nonce_retention = dice.span(16min, 24h);
  scenario.latency = dice.span(1ms, 400ms);
  scenario.jitter = dice.span(100us, 2s);
  // A copy of a refused request whose nonce is not known yet would be executed, and that is the cloud's
  // fault.
  if (!scenario.stores_nonce_first) scenario.rates[static_cast<std::size_t>(Fault::duplicate)] = 0;
  // Half of the seeds have a quiet disk, so that what the network does is not drowned.
  if (dice.chance(0.4)) {
    for (const Fault fault : {Fault::sync_fails, Fault::disk_full, Fault::io_error, Fault::busy}) {
      scenario.rates[static_cast<std::size_t>(fault)] = 0;
    }
  }
  const auto runs = static_cast<int>(std::max<std::int64_t>(1, dice.between(-1, 3)));
  for (int i = 0; i < runs; ++i) {
    RunPlan plan = draw_run(dice, scenario.rate_of(Fault::bad_devices), limits);
    Dice of_run{seed, 100 + static_cast<std::uint64_t>(i)};
    plan.rollout = draw_rollout(of_run, odds_of(scenario), plan.devices, plan.chunk_size);
    if (i < limits.runs_max.value_or(runs)) scenario.runs.push_back(std::move(plan));
  }
  scenario.denied_from_life = static_cast<int>(rollout_dice.between(1, 3));
  double chunks = 0;
  for (const RunPlan& plan : scenario.runs) {
    chunks += std::ceil(static_cast<double>(plan.devices) / static_cast<double>(plan.chunk_size));
  }
  const double seconds = std::clamp(chunks / scenario.rate, 3.0, 60.0);
  scenario.stretch = std::chrono::duration_cast<Nanos>(std::chrono::duration<double>{seconds});
  return scenario;
}

}  // namespace sluice::simulation
