// SPDX-License-Identifier: MIT
#include "sluice/core/tick_rules.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice {
namespace {

using std::chrono::microseconds;
using Verdict = TickDecision::Verdict;

constexpr std::chrono::hours clock_correction{3};

constexpr std::array<std::pair<SkipReason, std::string_view>, 5> reason_words{
    {{SkipReason::missed, "missed"},
     {SkipReason::superseded, "superseded"},
     {SkipReason::too_late, "too_late"},
     {SkipReason::overlap, "overlap"},
     {SkipReason::paused, "paused"}}};
constexpr std::array<std::pair<TickKind, std::string_view>, 3> kind_words{{{TickKind::scheduled, "scheduled"},
                                                                           {TickKind::triggered, "triggered"},
                                                                           {TickKind::backfill, "backfill"}}};

template <class Words, class Value>
std::string_view word_of(const Words& words, Value value) {
  return std::ranges::find(words, value, &Words::value_type::first)->second;
}

template <class Words>
auto value_of(const Words& words, std::string_view word)
    -> std::optional<typename Words::value_type::first_type> {
  const auto found = std::ranges::find(words, word, &Words::value_type::second);
  if (found == words.end()) return std::nullopt;
  return found->first;
}

/// What the overlap makes of ticks that are to run, one after the other.
class Overlapping {
 public:
  Overlapping(Overlap overlap, bool has_unfinished_run, std::size_t waiting)
      : overlap_(overlap), is_busy_(has_unfinished_run), waiting_(waiting) {}

  /// @param may_wait whether it waits for its turn under any overlap
  void decide(TickDecision& tick, bool may_wait) {
    if (overlap_ == Overlap::allow || (!is_busy_ && waiting_ == 0)) {
      fire(tick);
    } else if (may_wait) {
      queue(tick);
    } else {
      decide_by_policy(tick);
    }
  }

  /// The next in the queue, which has had its turn to wait.
  void start(TickDecision& tick) {
    --waiting_;
    fire(tick);
  }

  void leave_queue() { --waiting_; }

  bool can_start() const { return overlap_ == Overlap::allow || !is_busy_; }

 private:
  void decide_by_policy(TickDecision& tick) {
    if (overlap_ == Overlap::cancel_running) {
      tick.cancels_running = is_busy_;
      fire(tick);
    } else if (overlap_ == Overlap::queue_one && waiting_ == 0) {
      queue(tick);
    } else {
      tick.verdict = Verdict::skip;
      tick.reason = SkipReason::overlap;
    }
  }

  void fire(TickDecision& tick) {
    tick.verdict = Verdict::fire;
    is_busy_ = true;
  }

  void queue(TickDecision& tick) {
    tick.verdict = Verdict::queue;
    ++waiting_;
  }

  Overlap overlap_;
  bool is_busy_;
  std::size_t waiting_;
};

class TickDeciding {
 public:
  explicit TickDeciding(const TickQuestion& question)
      : q_(question),
        offset_(spread_offset(question.name, question.schedule.spread)),
        seen_to_(question.now - offset_),
        overlapping_(question.schedule.overlap, question.has_unfinished_run, in_queue()) {
    plan_.decided_to = question.decided_to;
    if (question.schedule.until) last_ = *question.schedule.until - microseconds{1};
  }

  TickPlan decide() && {
    if (q_.decided_to - seen_to_ > clock_correction) plan_.decided_to = seen_to_;
    start_waiting();
    if (has_to_wait_for_spread()) {
      plan_.look_at = q_.present_since + offset_;
      return std::move(plan_);
    }
    decide_missed();
    decide_live();
    plan_.decided_to = std::max(plan_.decided_to, seen_to_);
    const auto next = next_tick(q_.timetable, plan_.decided_to);
    if (next && *next <= last_) plan_.look_at = *next + offset_;
    return std::move(plan_);
  }

 private:
  // A scheduled tick whose submission was cut off is one that nobody was there for. What a person asked for
  // is still asked for.
  static bool is_missed(const WaitingTick& tick) {
    return tick.was_cut_off && tick.kind == TickKind::scheduled;
  }

  std::size_t in_queue() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(q_.waiting, [](const WaitingTick& tick) { return !is_missed(tick); }));
  }

  bool is_too_late(UtcTime at) const { return q_.now - (at + offset_) > q_.schedule.start_deadline; }

  /// Ticks that are due and were not seen coming, end here; the live ones begin.
  UtcTime missed_to() const {
    return std::clamp(q_.present_since - offset_ - microseconds{1}, plan_.decided_to,
                      std::max(plan_.decided_to, limit()));
  }

  UtcTime limit() const { return std::min(seen_to_, last_); }

  bool has_missed() const {
    return std::ranges::any_of(q_.waiting, is_missed) ||
           count_ticks(q_.timetable, plan_.decided_to, missed_to()) > 0;
  }

  // All that was missed would else start at the same moment, when the daemon is back.
  bool has_to_wait_for_spread() const {
    return !q_.is_paused && q_.now < q_.present_since + offset_ && has_missed();
  }

  void start_waiting() {
    for (const WaitingTick& tick : q_.waiting) {
      if (is_missed(tick)) continue;
      TickDecision decision{.id = tick.id, .at = tick.at};
      const bool is_own = tick.kind == TickKind::scheduled;
      if (is_own && q_.is_paused) {
        skip_waiting(decision, SkipReason::paused);
      } else if (tick.kind != TickKind::backfill && is_too_late(tick.at)) {
        skip_waiting(decision, SkipReason::too_late);
      } else if (overlapping_.can_start()) {
        overlapping_.start(decision);
        plan_.decisions.push_back(decision);
      }
    }
  }

  void skip_waiting(TickDecision& decision, SkipReason reason) {
    overlapping_.leave_queue();
    skip(decision, reason);
  }

  void skip(TickDecision decision, SkipReason reason) {
    decision.verdict = Verdict::skip;
    decision.reason = reason;
    plan_.decisions.push_back(decision);
  }

  /// How many of the missed ticks may run, of the newest.
  std::size_t runs_of_missed() const {
    if (q_.is_paused) return 0;
    switch (q_.schedule.missed.policy) {
      case MissedTicks::Policy::skip:
        return 0;
      case MissedTicks::Policy::run_once:
        return 1;
      case MissedTicks::Policy::run_all:
        return static_cast<std::size_t>(q_.schedule.missed.max);
    }
    return 0;
  }

  SkipReason reason_of_missed(UtcTime at) const {
    if (q_.is_paused) return SkipReason::paused;
    if (q_.schedule.missed.policy == MissedTicks::Policy::skip) return SkipReason::missed;
    return is_too_late(at) ? SkipReason::too_late : SkipReason::superseded;
  }

  void decide_missed() {
    std::vector<TickDecision> missed;
    for (const WaitingTick& tick : q_.waiting) {
      if (is_missed(tick)) missed.push_back({.id = tick.id, .at = tick.at});
    }
    for (const UtcTime at : newest(plan_.decided_to, missed_to())) missed.push_back({.id = {}, .at = at});
    const std::size_t runs = runs_of_missed();
    for (std::size_t i = 0; i < missed.size(); ++i) {
      TickDecision& tick = missed[i];
      if (i + runs < missed.size() || is_too_late(tick.at)) {
        skip(tick, reason_of_missed(tick.at));
        continue;
      }
      overlapping_.decide(tick, q_.schedule.missed.policy == MissedTicks::Policy::run_all);
      plan_.decisions.push_back(tick);
    }
    plan_.decided_to = missed_to();
  }

  void decide_live() {
    for (const UtcTime at : newest(plan_.decided_to, limit())) {
      TickDecision tick{.id = {}, .at = at};
      if (q_.is_paused) {
        skip(tick, SkipReason::paused);
      } else if (is_too_late(at)) {
        skip(tick, SkipReason::too_late);
      } else {
        overlapping_.decide(tick, false);
        plan_.decisions.push_back(tick);
      }
    }
  }

  /// The newest ticks of a time, one by one; those before them are skipped in one go.
  std::vector<UtcTime> newest(UtcTime after, UtcTime to) {
    std::vector<UtcTime> ticks = last_ticks(q_.timetable, after, to, skipped_rows_max + 1);
    if (std::ssize(ticks) > skipped_rows_max) {
      const UtcTime last_of_rest = ticks.front();
      skip({.id = {}, .at = last_of_rest, .ticks = count_ticks(q_.timetable, after, last_of_rest)},
           reason_of_missed(last_of_rest));
      ticks.erase(ticks.begin());
    }
    return ticks;
  }

  const TickQuestion& q_;
  std::chrono::milliseconds offset_;
  UtcTime seen_to_;  // ticks up to here are due
  UtcTime last_ = UtcTime::max();
  Overlapping overlapping_;
  TickPlan plan_;
};

}  // namespace

TickPlan decide_ticks(const TickQuestion& question) { return TickDeciding(question).decide(); }

TickDecision decide_trigger(Overlap overlap, bool has_unfinished_run, std::size_t waiting, UtcTime now) {
  TickDecision tick{.id = {}, .at = now};
  Overlapping(overlap, has_unfinished_run, waiting).decide(tick, false);
  return tick;
}

std::chrono::milliseconds spread_offset(std::string_view name, std::chrono::milliseconds spread) {
  if (spread.count() <= 0) return std::chrono::milliseconds{0};
  // FNV-1a: the same on every machine and in every version, which std::hash does not promise.
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  // Its low bits depend on little more than the last letters.
  hash ^= hash >> 32;
  return std::chrono::milliseconds{
      static_cast<std::int64_t>(hash % static_cast<std::uint64_t>(spread.count()))};
}

std::string_view to_string(Overlap overlap) { return overlap_words[static_cast<std::size_t>(overlap)]; }

std::optional<Overlap> overlap_from(std::string_view word) {
  const auto found = std::ranges::find(overlap_words, word);
  if (found == overlap_words.end()) return std::nullopt;
  return static_cast<Overlap>(found - overlap_words.begin());
}

std::string_view to_string(SkipReason reason) { return word_of(reason_words, reason); }
std::optional<SkipReason> skip_reason_from(std::string_view word) { return value_of(reason_words, word); }
std::string_view to_string(TickKind kind) { return word_of(kind_words, kind); }
std::optional<TickKind> tick_kind_from(std::string_view word) { return value_of(kind_words, word); }

}  // namespace sluice
