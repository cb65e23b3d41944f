// SPDX-License-Identifier: MIT
// Where a seed's luck comes from. The same seed throws the same numbers on every machine, which the
// distributions of the standard library do not promise.
#pragma once

#include <chrono>
#include <cmath>
#include <cstdint>

namespace sluice::simulation {

using Nanos = std::chrono::nanoseconds;

class Dice {
 public:
  /// @param stream dice of one seed that do not disturb each other
  explicit Dice(std::uint64_t seed, std::uint64_t stream = 0)
      : state_(seed * 0x9E3779B97F4A7C15U ^ (stream + 1) * 0xD1B54A32D192ED03U) {
    bits();
  }

  /// SplitMix64.
  std::uint64_t bits() {
    std::uint64_t mixed = state_ += 0x9E3779B97F4A7C15U;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9U;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBU;
    return mixed ^ (mixed >> 31);
  }

  double uniform() { return static_cast<double>(bits() >> 11) * 0x1.0p-53; }
  bool chance(double probability) { return uniform() < probability; }

  /// Both ends included.
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(bits() % static_cast<std::uint64_t>(high - low + 1));
  }

  /// Every order of magnitude is as likely as the next.
  double log_between(double low, double high) { return low * std::pow(high / low, uniform()); }
  Nanos span(Nanos low, Nanos high) {
    return Nanos{static_cast<std::int64_t>(
        log_between(static_cast<double>(low.count()), static_cast<double>(high.count())))};
  }

 private:
  std::uint64_t state_;
};

}  // namespace sluice::simulation
