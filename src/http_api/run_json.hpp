// SPDX-License-Identifier: MIT
// What every machine-readable answer says of a run, in the same words and numbers: the summary at its end,
// `status`, `list`, and the API.
#pragma once

#include <optional>
#include <string_view>

#include "http_api/json_text.hpp"
#include "sluice/core/run.hpp"

namespace sluice {

/// A run that is under way by its counts, but that no process sends, is "interrupted".
std::string_view status_word(const RunRecord& run, bool is_being_sent);

/// From the first claim to the last result; absent: it is not finished.
std::optional<double> seconds_taken(const RunRecord& run);

/// The members "run", "job", "status", "devices", "chunks", "requests", "throttled", "started_at",
/// "finished_at" and "seconds". Devices in flight count as pending.
void write_run(JsonText& json, const RunRecord& run, bool is_being_sent);

/// One object of a list of runs: the above with "tenant" and "created_at".
void write_listed_run(JsonText& json, const RunRecord& run, bool is_being_sent);

}  // namespace sluice
