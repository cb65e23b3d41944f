// SPDX-License-Identifier: MIT
#include "engine/served_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sluice/core/window_rules.hpp"

namespace sluice {
namespace {

// A chunk is claimed this long before its time, so that the database is not between the run's pace and the
// wire.
constexpr std::chrono::milliseconds claim_ahead{300};

/// Absent: it is not slower than its account.
std::optional<double> own_rate(double rate, double account_rate) {
  if (rate == 0 || rate >= account_rate) return std::nullopt;
  return rate;
}

}  // namespace

// Whoever has it served again says "go on", as serve_again() does.
ServedRun::ServedRun(RunToServe run, double account_rate, UtcTime now)
    : stages(run.job.rollout),
      id_(run.id),
      job_(std::make_shared<const Job>(std::move(run.job))),
      rate_(run.rate),
      is_split_guarded_(!run.is_split_unguarded),
      resumed_at_(now),
      pace_(own_rate(rate_, account_rate), job_->devices_per_minute) {}

void ServedRun::account_rate_is(double requests_per_second) {
  pace_.slow_down_to(own_rate(rate_, requests_per_second));
}

void ServedRun::starts_from(std::optional<UtcTime> first_start, UtcTime now, SteadyTime steady_now) {
  if (first_start) pace_.begin_after_others(steady_now);
  if (!job_->deadline || !first_start) return;
  // A start that is still to come was told by a wall clock that was ahead.
  deadline_ = std::min(*first_start, now) + *job_->deadline;
  if (*deadline_ > now) return;
  // Counted from when it may send again.
  const auto wait = std::max(pace_.next_send_at(1) - steady_now, std::chrono::nanoseconds{0});
  deadline_ = now + *job_->deadline + std::chrono::ceil<std::chrono::microseconds>(wait);
}

void ServedRun::serve_again(UtcTime now) {
  is_halted_ = false;
  resumed_at_ = now;
  if (is_past_deadline(now)) deadline_ = now + *job_->deadline;
  stages.go_on();
  // Its guard has said what it had to say, and a person has answered.
  if (split_guard_.has_tripped()) is_split_guarded_ = false;
}

bool ServedRun::is_in_window(UtcTime now) const {
  return !job_->window || window_at(*job_->window, now).is_open;
}

std::optional<UtcTime> ServedRun::changes_at(UtcTime now) const {
  if (is_halted_ || is_past_deadline(now)) return std::nullopt;
  UtcTime next = deadline_.value_or(UtcTime::max());
  if (job_->window) next = std::min(next, window_at(*job_->window, now).changes_at);
  if (next == UtcTime::max()) return std::nullopt;
  return next;
}

std::optional<WindowState> ServedRun::look_at(UtcTime now) {
  if (!job_->window) return std::nullopt;
  const WindowState window = window_at(*job_->window, now);
  if (window.is_open == was_in_window_) return std::nullopt;
  if (window.is_open) window_opened_at_ = now;
  was_in_window_ = window.is_open;
  return window;
}

int ServedRun::chunks_max(SteadyTime now) const {
  if (!pace_.is_limited()) return RunShare{}.chunks_max;
  return staged_ == 0 && now >= paced_from() - claim_ahead ? 1 : 0;
}

std::optional<SteadyTime> ServedRun::claimable_from() const {
  if (!pace_.is_limited() || staged_ > 0) return std::nullopt;
  return paced_from() - claim_ahead;
}

void ServedRun::sent(SteadyTime now, UtcTime wall_now, int devices) {
  if (job_->deadline && !deadline_) deadline_ = wall_now + *job_->deadline;
  pace_.sent(now, devices);
  ++on_the_wire_;
  devices_there_ += devices;
}

void ServedRun::landed(int devices) {
  --on_the_wire_;
  devices_there_ -= devices;
}

Transition ServedRun::decide(const ClaimedChunk& chunk, const Outcome& outcome, UtcTime now, double jitter) {
  const bool is_of_cloud = outcome.code != denied_code;
  if (is_of_cloud) split_guard_.heed(chunk.facts, outcome);
  Transition next = settle(chunk.facts, outcome, policy(), now, jitter);
  if (next.state == ChunkState::split && is_of_cloud && is_split_guarded_ && split_guard_.has_tripped()) {
    next = stop_splitting(outcome, now);
  }
  return judged(chunk, outcome, std::move(next));
}

Transition ServedRun::judged(const ClaimedChunk& chunk, const Outcome& outcome, Transition next) {
  const std::optional<Trip> trip = stages.heed({.stage = chunk.stage,
                                                .devices = chunk.facts.devices,
                                                .is_part = chunk.facts.is_part,
                                                .state = next.state,
                                                .outcome = outcome.kind,
                                                .code = outcome.code});
  // Also of a run that is halted already: it may have been told to pause, and not be on record as paused yet.
  // Where it is, the first reason stays.
  if (!trip || next.halt == Halt::tenant) return next;
  return stopped_by(*trip, std::move(next), overshoot_text());
}

/// What is on its way besides the chunk that is being decided about comes too late to be stopped.
std::string ServedRun::overshoot_text() const {
  if (on_the_wire_ == 0) return "; nothing else was on its way";
  return fmt::format("; {} devices in {} requests were on their way", devices_there_, on_the_wire_);
}

}  // namespace sluice
