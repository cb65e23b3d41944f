// SPDX-License-Identifier: MIT
#include "sluice/core/fair_share.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace sluice {
namespace {

constexpr double ageing_doublings_max = 10;  // a thousand times the weight is enough to come next

}  // namespace

double weight_of(Priority priority) {
  switch (priority) {
    case Priority::emergency:
      return 100;
    case Priority::normal:
      return 10;
    case Priority::bulk:
      break;
  }
  return 1;
}

void FairShare::add(RunId run, Priority priority, SteadyTime now) {
  accounts_[run] = {.weight = weight_of(priority), .pass = served_up_to_, .served_at = now};
}

RunShare FairShare::share_of(RunId run, SteadyTime now) const {
  const Account& account = accounts_.at(run);
  const std::chrono::duration<double, std::ratio<60>> waited = now - account.served_at;
  const double aged = account.weight * std::exp2(std::clamp(waited.count(), 0.0, ageing_doublings_max));
  return {.pass = std::max(account.pass, served_up_to_), .stride = 1 / aged};
}

void FairShare::taken(RunId run, int chunks, SteadyTime now) {
  if (chunks <= 0) return;
  const RunShare share = share_of(run, now);
  Account& account = accounts_.at(run);
  account.pass = share.pass + chunks * share.stride;
  account.served_at = now;
  served_up_to_ = std::max(served_up_to_, share.pass + (chunks - 1) * share.stride);
}

}  // namespace sluice
