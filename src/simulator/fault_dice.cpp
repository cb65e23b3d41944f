// SPDX-License-Identifier: MIT
#include "fault_dice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace sluice::simulator {
namespace {

constexpr double two_to_minus_53 = 0x1p-53;

/// The latency at two independent draws.
struct LatencyAt {
  double first;
  double second;

  double operator()(const ConstantLatency& latency) const { return latency.ms; }
  double operator()(const UniformLatency& latency) const {
    return latency.from_ms + first * (latency.to_ms - latency.from_ms);
  }
  double operator()(const LognormalLatency& latency) const {
    // Box-Muller; 1 - first is never 0.
    const double normal = std::sqrt(-2 * std::log(1 - first)) * std::cos(2 * std::numbers::pi * second);
    return std::min(latency.median_ms * std::exp(latency.sigma * normal), 86'400'000.0);
  }
};

std::chrono::nanoseconds from_ms(double ms) { return std::chrono::nanoseconds{std::llround(ms * 1e6)}; }

}  // namespace

double FaultDice::draw_share() { return static_cast<double>(random_() >> 11U) * two_to_minus_53; }

Passage FaultDice::draw_passage(const FaultPlan& plan) {
  const double first = draw_share();
  const double second = draw_share();
  const double drawn_forward_share = draw_share();

  const double total_ms = std::visit(LatencyAt{first, second}, plan.latency);
  const double forward_ms = total_ms * plan.forward_share.value_or(drawn_forward_share);
  Passage passage{from_ms(forward_ms), from_ms(total_ms - forward_ms), std::nullopt};
  for (std::size_t i = 0; i < drawn_fault_count; ++i) {
    const bool hits = draw_share() < plan.probabilities.at(i);
    if (hits && !passage.fault) passage.fault = static_cast<Fault>(i);
  }
  // Drawn last and only if asked for, so that a seed means the same to a plan without stalls.
  if (plan.stalls.share > 0 && draw_share() < plan.stalls.share) passage.backward += from_ms(plan.stalls.ms);
  return passage;
}

std::chrono::nanoseconds FaultDice::draw_gap(double per_second) {
  return std::chrono::nanoseconds{std::llround(-std::log(1 - draw_share()) / per_second * 1e9)};
}

std::string FaultDice::draw_request_id() {
  const std::uint64_t high = random_();
  const std::uint64_t low = random_();
  return fmt::format("{:08X}-{:04X}-4{:03X}-{:04X}-{:012X}", high >> 32U, (high >> 16U) & 0xFFFFU,
                     high & 0xFFFU, ((low >> 48U) & 0x3FFFU) | 0x8000U, low & 0xFFFF'FFFF'FFFFU);
}

bool is_bad_device(const FaultPlan& plan, std::string_view name, std::uint64_t seed) {
  if (std::find(plan.bad_devices.begin(), plan.bad_devices.end(), name) != plan.bad_devices.end())
    return true;
  if (plan.bad_device_share <= 0) return false;
  // FNV-1a, then splitmix64's finish, which makes neighbouring names fall anywhere.
  std::uint64_t hash = 0xCBF29CE484222325U ^ (seed * 0x9E3779B97F4A7C15U);
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  hash = (hash ^ (hash >> 30U)) * 0xBF58476D1CE4E5B9U;
  hash = (hash ^ (hash >> 27U)) * 0x94D049BB133111EBU;
  hash ^= hash >> 31U;
  return static_cast<double>(hash >> 11U) * two_to_minus_53 < plan.bad_device_share;
}

}  // namespace sluice::simulator
