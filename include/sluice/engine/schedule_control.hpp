// SPDX-License-Identifier: MIT
// A person's hand on schedules, carried out on the record. Blocking, one transaction's worth each; the same
// for a command that has the store to itself and for the daemon's database thread. What is to be submitted
// then is for the caller: submitting reads device lists and may take long.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/core/result.hpp"
#include "sluice/core/schedule.hpp"
#include "sluice/core/timetable.hpp"
#include "sluice/store/schedule_book.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

/// A schedule as its newest revision says, ready to be asked.
struct InstalledSchedule {
  ScheduleRecord record;
  std::string job_name;
  Schedule schedule;
  Timetable timetable;
};

/// Fails (invalid_input): the job's text cannot be read here any more, say because this machine does not know
/// its zone.
Result<InstalledSchedule> installed(ScheduleRecord record);

/// not_found if no schedule has the name.
Result<InstalledSchedule> known_schedule(StoreReader& store, std::string_view name);

/// Fails (invalid_input): it is not 1 to 128 printable characters without a blank at the ends.
Result<void> check_schedule_name(std::string_view name);

/// A tick that is to be submitted: it is on record as started.
struct StartedTick {
  TickId tick;
  UtcTime at;
  TickKind kind = TickKind::scheduled;
  ScheduleRecord schedule;
  std::string actor;             ///< who asked for it; empty: the clock
  std::vector<RunId> to_cancel;  ///< runs of the schedule that are to be canceled first
};

/// Adds it, paused if its block says so. Fails: invalid_input for a name or a text that does not fit, refused
/// for a name that is taken.
/// @param schedule an empty name: the job's
Result<InstalledSchedule> add_schedule(Store& store, NewSchedule schedule);

/// A new revision. Ticks of the old one that were not decided yet are skipped, as missed. Fails as above, and
/// not_found.
Result<InstalledSchedule> revise_schedule(Store& store, std::string_view name, ScheduleRevision revision);

struct ScheduleSteered {
  ScheduleRecord schedule;
  bool is_changed = false;
  std::size_t retired_ticks = 0;  ///< that waited, and are skipped since the schedule is retired
};

/// Paused, active again or retired; said before, it changes nothing. What came due during a pause is on
/// record as skipped. not_found.
Result<ScheduleSteered> steer_schedule(Store& store, std::string_view name, ScheduleOrder order);

struct Triggered {
  ScheduleRecord schedule;
  RecordedTick tick;
  std::optional<StartedTick> started;  ///< absent: it was skipped, or waits for its turn
};

/// A tick for now, by the schedule's overlap; also while it is paused. not_found.
Result<Triggered> trigger_schedule(Store& store, std::string_view name, const std::string& actor,
                                   UtcTime now);

struct BackfillOrder {
  std::string_view name;
  UtcTime from;
  UtcTime to;  ///< the last instant that counts
  std::int64_t max = 1;
  std::string actor;
  UtcTime now;
};

struct Backfilled {
  ScheduleRecord schedule;
  std::vector<UtcTime> queued;  ///< they start one after the other
  std::int64_t already = 0;     ///< ticks of that time that ran, run or wait already
};

/// Queues the schedule's ticks of a past time, also while it is paused. Refused, so that nothing is queued:
/// there are more than `max`, none at all, or the time is not over yet. not_found.
Result<Backfilled> backfill_schedule(Store& store, const BackfillOrder& order);

struct TicksDecided {
  std::vector<StartedTick> started;
  std::vector<RecordedTick> recorded;  ///< all of them, the started ones too
  UtcTime look_at = UtcTime::max();    ///< when there is something to be decided next
};

/// What tick_rules.hpp makes of the schedule now, on record.
/// @param is_submitting whether a run of it is being made, and so is not yet among the unfinished ones
Result<TicksDecided> decide_schedule(Store& store, const InstalledSchedule& schedule, UtcTime present_since,
                                     bool is_submitting, UtcTime now);

/// The next ticks of a schedule, `count` at most; spread and `until` included.
struct ComingTick {
  UtcTime at;                               ///< the instant
  UtcTime due_at;                           ///< with the spread
  std::optional<ClockChange> clock_change;  ///< of the zone, since the tick before; of the first: none

  bool operator==(const ComingTick&) const = default;
};
std::vector<ComingTick> coming_ticks(const Schedule& schedule, const Timetable& timetable,
                                     std::string_view name, UtcTime after, std::size_t count);

/// What an operator should know of a schedule before it runs, each a sentence without its end.
std::vector<std::string> schedule_warnings(const Schedule& schedule, const Timetable& timetable, UtcTime now);

}  // namespace sluice
