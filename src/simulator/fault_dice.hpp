// SPDX-License-Identifier: MIT
// Draws from a fault plan. The same seed and the same order of draws give the same faults, on every machine:
// the standard's distributions may differ between libraries, so they are not used.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "fault_plan.hpp"

namespace sluice::simulator {

/// What is decided about a request before it is looked at.
struct Passage {
  std::chrono::nanoseconds forward{};   ///< before the request arrives
  std::chrono::nanoseconds backward{};  ///< before its answer leaves
  std::optional<Fault> fault;
};

class FaultDice {
 public:
  explicit FaultDice(std::uint64_t seed) : random_{seed} {}

  /// Uses up the same amount of randomness whatever the plan says.
  Passage draw_passage(const FaultPlan& plan);

  /// The time between two events that come at random at this rate.
  std::chrono::nanoseconds draw_gap(double per_second);

  /// Upper-case UUID, version 4.
  std::string draw_request_id();

 private:
  double draw_share();  ///< from 0 to below 1

  std::mt19937_64 random_;
};

/// Whether the plan calls this device bad; depends on nothing but plan, name and seed.
bool is_bad_device(const FaultPlan& plan, std::string_view name, std::uint64_t seed);

}  // namespace sluice::simulator
