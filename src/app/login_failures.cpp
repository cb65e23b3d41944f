// SPDX-License-Identifier: MIT
#include "app/login_failures.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace sluice {
namespace {

constexpr std::chrono::minutes span{1};
constexpr const char* other_peers = "other addresses";

AuditEntry summary(const std::string& peer, AuditEntry last, std::int64_t counted) {
  last.origin = peer;
  last.after = fmt::format("{} more within a minute, this the last", counted);
  return last;
}

}  // namespace

bool LoginFailures::is_told(const AuditEntry& failure, SteadyTime now) {
  const bool is_known = peers_.contains(failure.origin) || peers_.size() < audited_peers_max;
  const auto [found, is_first] =
      peers_.try_emplace(is_known ? failure.origin : other_peers, Minute{.since = now, .last = {}});
  if (is_first) return true;
  ++found->second.counted;
  found->second.last = failure;
  return false;
}

std::vector<AuditEntry> LoginFailures::due(SteadyTime now) {
  std::vector<AuditEntry> rows;
  for (auto& [peer, minute] : peers_) {
    if (now - minute.since < span || minute.counted == 0) continue;
    rows.push_back(summary(peer, std::move(minute.last), minute.counted));
    minute = {.since = now, .last = {}};
  }
  // Whoever was quiet for his minute begins anew.
  std::erase_if(peers_, [&](const auto& peer) { return now - peer.second.since >= span; });
  return rows;
}

std::vector<AuditEntry> LoginFailures::all() {
  std::vector<AuditEntry> rows;
  for (auto& [peer, minute] : std::exchange(peers_, {})) {
    if (minute.counted > 0) rows.push_back(summary(peer, std::move(minute.last), minute.counted));
  }
  return rows;
}

}  // namespace sluice
