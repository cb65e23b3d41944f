// SPDX-License-Identifier: MIT
#include "sluice/core/breaker.hpp"

namespace sluice {
namespace {

constexpr int failures_that_open = 5;
constexpr std::chrono::seconds probe_interval{5};

}  // namespace

void Breaker::failed(SteadyTime now) {
  ++failures_in_a_row_;
  if (is_open()) next_probe_at_ = now + probe_interval;
}

void Breaker::answered() { failures_in_a_row_ = 0; }

void Breaker::sent(SteadyTime now) {
  was_ever_reached_ = true;
  if (is_open()) next_probe_at_ = now + probe_interval;
}

bool Breaker::is_open() const { return failures_in_a_row_ >= failures_that_open; }

std::optional<SteadyTime> Breaker::next_probe_at() const {
  if (!is_open()) return std::nullopt;
  return next_probe_at_;
}

}  // namespace sluice
