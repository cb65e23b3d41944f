// SPDX-License-Identifier: MIT
#include "http_api/login_guard.hpp"

namespace sluice {
namespace {

constexpr std::chrono::seconds span{1};
// More peers than ever fail honestly at once; beyond that all of them share one count.
constexpr std::size_t peers_max = 1024;

}  // namespace

bool LoginGuard::take_failure(const std::string& peer, SteadyTime now) {
  if (peers_.size() >= peers_max) forget_old(now);
  const bool is_known = peers_.size() < peers_max || peers_.contains(peer);
  if (count_one(peers_[is_known ? peer : std::string{}], now) > login_failures_per_second_max) return false;
  return count_one(all_, now) <= all_login_failures_per_second_max;
}

int LoginGuard::count_one(Failures& failures, SteadyTime now) {
  if (failures.count == 0 || now - failures.since >= span) failures = {now, 0};
  return ++failures.count;
}

void LoginGuard::forget_old(SteadyTime now) {
  std::erase_if(peers_, [&](const auto& peer) { return now - peer.second.since >= span; });
}

}  // namespace sluice
