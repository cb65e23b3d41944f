// SPDX-License-Identifier: MIT
#include "app/log_floods.hpp"

namespace sluice {

bool LogFloods::admits(std::string_view name, std::string_view tenant, SteadyTime now) {
  Span& span =
      spans_.try_emplace(std::pair{std::string{name}, std::string{tenant}}, Span{now, 0}).first->second;
  ++span.seen;
  return span.seen <= options_.told_max;
}

std::vector<FloodSummary> LogFloods::ended(SteadyTime now) {
  return take([&](const Span& span) { return now - span.since >= options_.span; });
}

std::vector<FloodSummary> LogFloods::all() {
  return take([](const Span&) { return true; });
}

template <class IsOver>
std::vector<FloodSummary> LogFloods::take(const IsOver& is_over) {
  std::vector<FloodSummary> summaries;
  for (auto at = spans_.begin(); at != spans_.end();) {
    const auto& [key, span] = *at;
    if (!is_over(span)) {
      ++at;
      continue;
    }
    if (span.seen > options_.told_max) {
      summaries.push_back({key.first, key.second, span.seen - options_.told_max, span.since});
    }
    at = spans_.erase(at);
  }
  return summaries;
}

}  // namespace sluice
