// SPDX-License-Identifier: MIT
// What becomes of a schedule's ticks. Pure: the scheduler asks, records the answer and then acts on it.
//
// A tick is due at its instant, or later by the schedule's spread offset. It is live if somebody was there
// when it came due; else it is missed, and goes by the schedule's policy. Whatever is to run then goes by the
// overlap, which is the same for live, missed and triggered ticks. Nothing of a schedule's own starts later
// than its start deadline after it was due, not even what waited in the queue; backfilled ticks are as old as
// they are.
//
// The wall clock may be set. Forward: the ticks in between are missed, as the caller says by `present_since`.
// Back by up to three hours: what was decided stays decided, and nothing happens until the clock is where it
// was. Back by more: it had been wrong, and ticks go on from where it is now. No tick is fired twice for
// that: the record has a row for each that was fired, and takes no second one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/core/ids.hpp"
#include "sluice/core/schedule.hpp"
#include "sluice/core/time.hpp"
#include "sluice/core/timetable.hpp"

namespace sluice {

/// Skipped ticks get a row each, up to this number at a time; those before them share one.
inline constexpr std::int64_t skipped_rows_max = 1000;

enum class TickKind { scheduled, triggered, backfill };

enum class SkipReason {
  missed,      ///< nobody was there, and the policy is to let it go
  superseded,  ///< nobody was there, and a newer tick runs for it
  too_late,    ///< older than the start deadline
  overlap,     ///< a run of the schedule is unfinished, or one waits already
  paused,      ///< the schedule is
};

/// A tick that is on record without a run.
struct WaitingTick {
  TickId id;
  UtcTime at;
  TickKind kind = TickKind::scheduled;
  bool was_cut_off = false;  ///< it was being submitted when its process died

  bool operator==(const WaitingTick&) const = default;
};

struct TickQuestion {
  const Timetable& timetable;
  const Schedule& schedule;
  std::string_view name;  ///< of the schedule: its spread offset depends on it
  UtcTime decided_to;     ///< every tick up to this instant has been decided
  UtcTime present_since;  ///< since when somebody has been there to see ticks come
  bool is_paused = false;
  bool has_unfinished_run = false;
  std::vector<WaitingTick> waiting = {};  ///< the oldest first
  UtcTime now;
};

struct TickDecision {
  enum class Verdict { fire, queue, skip };

  std::optional<TickId> id;  ///< of one that waited; absent: it is new
  UtcTime at;
  Verdict verdict = Verdict::skip;
  SkipReason reason = SkipReason::missed;  ///< of a skip
  bool cancels_running = false;            ///< the schedule's unfinished runs are canceled before it fires
  std::int64_t ticks = 1;                  ///< of a skip: so many, of which this is the last

  bool operator==(const TickDecision&) const = default;
};

struct TickPlan {
  std::vector<TickDecision> decisions;  ///< in the order in which they are to be carried out
  UtcTime decided_to;
  /// When something is to be decided next, if nothing changes; max(): never. What waits for a run to end is
  /// not counted.
  UtcTime look_at = UtcTime::max();

  bool operator==(const TickPlan&) const = default;
};

TickPlan decide_ticks(const TickQuestion& question);

/// The same for one tick that somebody asks for now. Never a wait for the spread.
/// @param waiting how many ticks wait in the schedule's queue
TickDecision decide_trigger(Overlap overlap, bool has_unfinished_run, std::size_t waiting, UtcTime now);

/// How much later than its instant each tick of a schedule is due: less than the spread, the same for ever.
std::chrono::milliseconds spread_offset(std::string_view name, std::chrono::milliseconds spread);

/// In the order of the enumeration.
inline constexpr std::array<std::string_view, 4> overlap_words{"skip", "queue_one", "cancel_running",
                                                               "allow"};
std::string_view to_string(Overlap overlap);
std::optional<Overlap> overlap_from(std::string_view word);
std::string_view to_string(SkipReason reason);
std::optional<SkipReason> skip_reason_from(std::string_view word);
std::string_view to_string(TickKind kind);
std::optional<TickKind> tick_kind_from(std::string_view word);

}  // namespace sluice
