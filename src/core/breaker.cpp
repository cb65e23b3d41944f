// SPDX-License-Identifier: MIT
#include "sluice/core/breaker.hpp"

#include <algorithm>

namespace sluice {
namespace {

constexpr int failures_that_open = 5;
constexpr std::chrono::seconds probe_interval{5};
// A probe that is met with silence or with a failure inside may leave its chunk in doubt for good, so such an
// endpoint is asked less often: just often enough that, with the 15 s of a silence before, it is found again
// within a minute of its return.
constexpr std::chrono::seconds costly_probe_interval{30};

}  // namespace

EndpointSign sign_of(const Outcome& outcome) {
  switch (outcome.kind) {
    case OutcomeKind::unavailable:
      return EndpointSign::away;
    case OutcomeKind::silent:
      return EndpointSign::away_with_doubt;
    case OutcomeKind::answered_unclear:
      // Without a status, it was not even HTTP that came.
      return outcome.http_status >= 500 || outcome.http_status == 0 ? EndpointSign::away_with_doubt
                                                                    : EndpointSign::present;
    case OutcomeKind::accepted:
    case OutcomeKind::nonce_used:
    case OutcomeKind::throttled:
    case OutcomeKind::rejected_devices:
    case OutcomeKind::rejected_job:
    case OutcomeKind::blocked:
      break;
  }
  return EndpointSign::present;
}

std::optional<Breaker::Probe> Breaker::sent(SteadyTime now) {
  was_ever_reached_ = true;
  if (!is_open()) return std::nullopt;
  next_probe_at_ = now + probe_interval;
  probe_ = ++last_probe_;
  return probe_;
}

void Breaker::heard(EndpointSign sign, SteadyTime now, std::optional<Probe> probe) {
  if (probe) ended(*probe);
  if (sign == EndpointSign::present) {
    failures_in_a_row_ = 0;
    probe_.reset();
    return;
  }
  ++failures_in_a_row_;
  const bool was_costly = probe && sign == EndpointSign::away_with_doubt;
  const auto interval = was_costly ? costly_probe_interval : probe_interval;
  if (is_open()) next_probe_at_ = std::max(next_probe_at_, now + interval);
}

void Breaker::ended(Probe probe) {
  if (probe_ == probe) probe_.reset();
}

bool Breaker::is_open() const { return failures_in_a_row_ >= failures_that_open; }

std::optional<SteadyTime> Breaker::next_probe_at() const {
  if (!is_open()) return std::nullopt;
  return probe_ ? SteadyTime::max() : next_probe_at_;
}

}  // namespace sluice
