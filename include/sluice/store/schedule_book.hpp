// SPDX-License-Identifier: MIT
// Seam: the schedules in the record, and what became of their ticks.
//
// At most one run comes of a tick, whatever dies in between: the tick is recorded as started before its run
// is made, and the run's seal makes it a fired one, in one transaction (NewRun::origin names the tick). An
// instant of a schedule has one row; only triggers have further ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/core/ids.hpp"
#include "sluice/core/result.hpp"
#include "sluice/core/tick_rules.hpp"
#include "sluice/core/time.hpp"

namespace sluice {

enum class ScheduleState {
  active,
  paused,
  retired,  ///< for ever; its name is free again
};

/// As its newest revision says.
struct ScheduleRecord {
  ScheduleId id;
  std::string name;
  ScheduleState state = ScheduleState::active;
  std::int64_t revision = 1;
  std::string job_file;  ///< of the daemon's folder; empty: added by command
  std::string job_text;  ///< its schedule block is the schedule
  std::string folder;    ///< which the paths in the job are relative to
  std::string actor;     ///< who revised it last
  UtcTime added_at;
  UtcTime revised_at;
  UtcTime decided_to;  ///< every tick up to this instant has been decided

  bool operator==(const ScheduleRecord&) const = default;
};

struct NewSchedule {
  std::string name;
  std::string job_text;
  std::string folder;
  std::string job_file = {};
  std::string actor;
  bool is_paused = false;
  UtcTime now;
};

struct ScheduleRevision {
  ScheduleId schedule;
  std::string job_text;
  std::string folder;
  std::string actor;
  UtcTime now;
};

/// A person's word on a schedule.
struct ScheduleOrder {
  ScheduleId schedule;
  ScheduleState state = ScheduleState::active;
  std::string actor;
  std::string reason = {};
  UtcTime now;
};

/// Another file of the daemon's folder is the schedule's from now on.
struct ScheduleMove {
  ScheduleId schedule;
  std::string job_file;
  std::string actor;
  UtcTime now;
};

enum class TickState {
  queued,   ///< waits for its turn
  started,  ///< its run is being made
  fired,    ///< there is a run
  skipped,
  failed,  ///< the run could not be made
};

struct TickRecord {
  TickId id;
  std::int64_t revision = 1;
  UtcTime at;
  TickKind kind = TickKind::scheduled;
  TickState state = TickState::started;
  UtcTime decided_at;
  std::int64_t ticks = 1;  ///< so many, of which this is the last
  std::string reason;      ///< why it was skipped or failed; untrusted where it failed
  std::string actor;       ///< who asked for it; empty: the clock
  std::optional<RunId> run;

  bool operator==(const TickRecord&) const = default;
};

/// Decisions about a schedule's ticks.
struct TickRecording {
  ScheduleId schedule;
  std::int64_t revision = 1;
  TickKind kind = TickKind::scheduled;  ///< of those that are new
  std::vector<TickDecision> decisions;
  std::optional<UtcTime> decided_to;  ///< absent: that stays as it is
  std::string actor = {};
  std::string reason = {};  ///< of the skipped ones; empty: each decision's own
  UtcTime now;
};

/// A decision that is on record now.
struct RecordedTick {
  TickId id;
  TickDecision decision;

  bool operator==(const RecordedTick&) const = default;
};

class ScheduleReader {
 public:
  virtual ~ScheduleReader() = default;

  /// Those that are not retired, by name.
  virtual Result<std::vector<ScheduleRecord>> schedules() = 0;
  /// Absent: none that is not retired has the name.
  virtual Result<std::optional<ScheduleRecord>> schedule(std::string_view name) = 0;
  /// Newest decisions first, `limit` at most. @param before only those that come after this one; absent: all
  virtual Result<std::vector<TickRecord>> ticks(ScheduleId schedule, std::size_t limit,
                                                std::optional<TickId> before = {}) = 0;
  /// Of the schedule's scheduled and backfilled ticks, what is on record from one instant to another, both
  /// included, in order.
  virtual Result<std::vector<TickRecord>> ticks_between(ScheduleId schedule, UtcTime from, UtcTime to) = 0;
  /// Queued ticks, the oldest first.
  virtual Result<std::vector<WaitingTick>> waiting_ticks(ScheduleId schedule) = 0;
  /// Runs of the schedule that have something left to do, the oldest first.
  virtual Result<std::vector<RunId>> unfinished_runs(ScheduleId schedule) = 0;
};

class ScheduleBook {
 public:
  virtual ~ScheduleBook() = default;

  /// Its ticks count from now on. Refused: the name is taken.
  virtual Result<ScheduleId> add_schedule(const NewSchedule& schedule) = 0;
  /// A new revision, unless it says what the newest one says. @return the newest revision's number.
  /// not_found: there is no such schedule, or it is retired.
  virtual Result<std::int64_t> revise_schedule(const ScheduleRevision& revision) = 0;
  /// Whoever is retired stays so: not_found. What waits in its queue then is skipped. @return whether
  /// anything changed
  virtual Result<bool> set_schedule_state(const ScheduleOrder& order) = 0;
  /// Its anchor, ticks and revisions stay. not_found: there is no such schedule, or it is retired.
  virtual Result<void> move_schedule(const ScheduleMove& move) = 0;
  /// Decisions of which there is a row already come to nothing, but for a skipped or failed tick that is to
  /// run after all. @return those that are on record now, in the same order
  virtual Result<std::vector<RecordedTick>> record_ticks(const TickRecording& recording) = 0;
  /// The tick's run could not be made. Refused unless the tick is started.
  virtual Result<void> fail_tick(TickId tick, const std::string& reason, UtcTime now) = 0;
  /// Started ticks wait in the queue again, as cut off: said once by a process that has just taken the store,
  /// since nobody else can be making their runs. @return how many there were
  virtual Result<std::int64_t> requeue_started_ticks(UtcTime now) = 0;
};

std::string_view to_string(ScheduleState state);
std::optional<ScheduleState> schedule_state_from(std::string_view word);
std::string_view to_string(TickState state);
std::optional<TickState> tick_state_from(std::string_view word);

}  // namespace sluice
