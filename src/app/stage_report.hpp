// SPDX-License-Identifier: MIT
// How far a run in stages has come, and what it waits for between them: for status, why and progress.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "http_api/json_text.hpp"
#include "sluice/core/job.hpp"
#include "sluice/core/run.hpp"
#include "sluice/core/run_tally.hpp"
#include "sluice/core/window_rules.hpp"
#include "sluice/engine/observer.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

/// What the job says of a stage: what has to come true before it, and after it.
struct StageTerms {
  bool needs_approval = false;         ///< before it
  std::chrono::milliseconds soak{0};   ///< after its last result
  std::vector<std::string> sentences;  ///< of its gate; untrusted
};

/// What a look into the store finds of a run's stages and hours.
struct StageSighting {
  std::vector<StageRecord> stages;    ///< empty: the run has none
  RunTally tally;                     ///< of them
  std::vector<StageTerms> terms;      ///< for each; empty: this version cannot read the job
  std::string waits_for;              ///< between two of them; untrusted; empty: for nothing
  std::optional<UtcTime> until;       ///< when that is over by itself
  bool wants_approval = false;        ///< a person has to speak
  std::optional<WindowState> window;  ///< absent: it may send at any hour
};

/// @param job absent: this version cannot read it, and there is less to tell
Result<StageSighting> sight_stages(StoreReader& store, const RunRecord& run, const std::optional<Job>& job,
                                   UtcTime now);

/// One line for each stage: "  stage 1   canary: 20 devices, accepted 20, failed 0, in doubt 0".
std::string stages_text(const StageSighting& seen);
/// The member "stages": a list of objects.
void write_stages(JsonText& json, const StageSighting& seen);

/// The members "waits_for", "waits_until" and "wants_approval", of what the run waits for between two stages,
/// and "terms": a list of objects, one for each stage.
void write_stage_terms(JsonText& json, const StageSighting& seen);

/// What keeps the run from sending, of its stages and its hours; empty: nothing of that kind.
std::string stage_why(const StageSighting& seen, UtcTime now);

// One line each, for the log.
std::string stage_line(const StageNews& news);
std::string window_line(const WindowNews& news);

}  // namespace sluice
