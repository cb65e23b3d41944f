// SPDX-License-Identifier: MIT
// The questions of a ScheduleReader, over any connection. Failures are StoreFailure.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "sluice/core/ids.hpp"
#include "sluice/store/schedule_book.hpp"
#include "store/sqlite/connection.hpp"

namespace sluice::queries {

/// The reason of a queued tick whose submission a dead process began.
inline constexpr std::string_view cut_off = "cut_off";

std::vector<ScheduleRecord> schedules(Connection& connection);
std::optional<ScheduleRecord> schedule(Connection& connection, std::string_view name);
std::vector<TickRecord> ticks(Connection& connection, ScheduleId schedule, std::size_t limit,
                              std::optional<TickId> before);
std::vector<TickRecord> ticks_between(Connection& connection, ScheduleId schedule, UtcTime from, UtcTime to);
std::vector<WaitingTick> waiting_ticks(Connection& connection, ScheduleId schedule);
std::vector<RunId> unfinished_runs(Connection& connection, ScheduleId schedule);

}  // namespace sluice::queries
