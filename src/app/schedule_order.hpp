// SPDX-License-Identifier: MIT
// A person's order about schedules and what came of it: the same for a command that has the store to itself
// and for the daemon's database thread. The answer is a value, JSON, and words.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/core/result.hpp"
#include "sluice/engine/schedule_control.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

enum class ScheduleVerb { add, pause, resume, remove, trigger, backfill };

std::string_view to_string(ScheduleVerb verb);
std::optional<ScheduleVerb> schedule_verb_from(std::string_view word);

struct ScheduleCommand {
  ScheduleVerb verb = ScheduleVerb::pause;
  std::string name;      ///< of add: may be empty, then it is the job's
  std::string job_text;  ///< of add
  std::string folder;    ///< of add: absolute, which the paths in the job are relative to
  std::string reason;    ///< of pause, resume and remove; may be empty
  UtcTime from;          ///< of backfill
  UtcTime to;            ///< the same; the last instant that counts
  std::int64_t max = 1;  ///< the same

  bool operator==(const ScheduleCommand&) const = default;
};

struct ScheduleAnswer {
  std::string action;  ///< the verb
  std::string name;
  std::string state;
  std::int64_t revision = 1;
  bool is_changed = false;            ///< false: it was so before
  std::string tick;                   ///< of trigger: "started", "queued" or "skipped"
  std::string reason;                 ///< why it was skipped
  std::optional<std::int64_t> run;    ///< of trigger, if it has one already
  std::vector<std::string> next;      ///< of add, resume: when it is due next, RFC 3339
  std::vector<std::string> queued;    ///< of backfill: its ticks, RFC 3339
  std::int64_t already = 0;           ///< of backfill: ticks that ran, run or wait already
  std::vector<std::string> warnings;  ///< of add

  bool operator==(const ScheduleAnswer&) const = default;
};

struct ScheduleDone {
  ScheduleAnswer answer;
  std::optional<StartedTick> started;  ///< of trigger: to be submitted by whoever does that here
  std::size_t retired_ticks = 0;       ///< of remove: that waited, and are skipped for it
};

/// Blocking, one transaction's worth. A trigger that the overlap skips is no error: the answer says so.
/// Fails: as the functions of schedule_control.hpp do.
Result<ScheduleDone> carry_out_schedule(Store& store, const ScheduleCommand& command,
                                        const std::string& actor, UtcTime now);

/// {"schema_version","action","schedule","state","revision","changed","tick","reason","run","next","queued",
/// "already","warnings"}
std::string schedule_answer_json(const ScheduleAnswer& answer);

/// `unexpected` for anything that schedule_answer_json() does not write.
Result<ScheduleAnswer> schedule_answer_from(std::string_view text);

/// For people, one line and what follows from it.
std::string schedule_answer_text(const ScheduleAnswer& answer);

}  // namespace sluice
