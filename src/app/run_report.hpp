// SPDX-License-Identifier: MIT
// What is said of runs: the summary at a run's end, `status`, `list` and `why`. Texts for people end with the
// exact next command; JSON is one object and a line end.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "app/stage_report.hpp"
#include "sluice/core/run.hpp"
#include "sluice/core/time.hpp"
#include "sluice/store/pages.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

// Where a text names a command to go on with, it names the store too, if it is not the default one:
// `store_file`.

/// What a look into the store finds of a run beside its record.
struct Sighting {
  QueueState queue;
  bool has_owner = false;  ///< some process has the store
  UtcTime now;
  std::optional<NewestResult> newest_result = {};
  StageSighting stages = {};
  std::string config_file = {};  ///< as it was given; empty: not given
  /// By its stages, its window and its device rate; absent: by its request rate alone.
  std::optional<std::chrono::microseconds> time_left = {};
  std::optional<LateResults> late = {};  ///< of the last minutes
  std::optional<EventRow> stopped = {};  ///< who paused or canceled it, and when; absent: nobody did
};

/// The object that `run --output json` ends with. Devices in flight count as pending there, so that its
/// numbers add up to the total; `seconds` is null as long as the run is not finished, `reason` unless it is
/// paused, and `next_command` where there is none.
std::string run_summary_json(const RunRecord& run, const std::string& next);
std::string run_summary_text(const RunRecord& run);

/// The summary's members and what is known of a run that is under way.
std::string status_json(const RunRecord& run, const Sighting& seen, std::string_view store_file = {});
std::string status_text(const RunRecord& run, const Sighting& seen, std::string_view store_file = {});

/// "predicted 50.1 s, took 50.4 s"; empty for a run of which nothing was predicted, as of one whose device
/// list could be read only once.
std::string prediction_text(const RunRecord& run);

/// Both in the order given, which is the store's: newest first.
std::string list_json(std::span<const RunRecord> runs, bool has_owner);
std::string list_text(std::span<const RunRecord> runs, bool has_owner);

/// One line, without line end: what the run is waiting for, and the command that changes it.
std::string why_line(const RunRecord& run, const Sighting& seen, std::string_view store_file = {});

/// The same for a script: {"schema_version","run","status","why","next_command"} and a line end.
std::string why_json(const RunRecord& run, const Sighting& seen, std::string_view store_file = {});

/// The command that an operator most likely wants next: "sluice results 7 --state failed"; one line for a
/// shell, also where it takes two.
/// What sends is told the configuration too: it may name devices that nothing is sent to.
std::string next_command(const RunRecord& run, std::string_view store_file = {},
                         std::string_view config_file = {});
/// The same with all options that it must be given: `store_option` to look, `again_options` to send.
std::string command_to_go_on(const RunRecord& run, std::string_view store_option,
                             std::string_view again_options);

/// " --name VALUE", or " VALUE" without a name, quoted for a shell where it must be; nothing for an empty
/// value.
std::string option_text(std::string_view name, std::string_view value);

}  // namespace sluice
