// SPDX-License-Identifier: MIT
// What came of an operator's command on runs: as a value, as JSON (which is also what goes over the control
// socket), and in words. It is the same whether the process that sends the run carried the command out, or
// the command itself did.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/core/result.hpp"
#include "sluice/core/run.hpp"
#include "sluice/engine/stage_approval.hpp"

namespace sluice {

struct ControlledRun {
  RunId run;
  bool is_changed = false;  ///< false: it was so before
  std::string status;       ///< empty as long as it is not recorded
  StateCounts devices;
  std::int64_t requests_in_flight = 0;

  bool operator==(const ControlledRun&) const = default;
};

struct OrderedRate {
  std::string tenant;
  double rate = 0;    ///< requests per second
  std::string until;  ///< a time as RFC 3339 writes it

  bool operator==(const OrderedRate&) const = default;
};

struct ControlAnswer {
  std::string action;  ///< "pause", "resume", "cancel", "stop", "approve" or "rate"
  /// False: nothing more is sent, but another program holds the store, and the record follows.
  bool is_recorded = true;
  std::string actor;         ///< who said it
  std::int64_t process = 0;  ///< the one that sends the runs; 0: none does
  /// One after pause, resume and cancel; after stop all that are unfinished.
  std::vector<ControlledRun> runs;
  std::optional<ApprovedStage> approved;  ///< after approve
  std::optional<OrderedRate> rate;        ///< after rate

  bool operator==(const ControlAnswer&) const = default;
};

ControlledRun controlled(const RunRecord& run, bool is_changed);

/// {"schema_version","action","recorded","actor","process", and of the run "run","changed","status",
/// "requests_in_flight","devices":{"total","accepted","presumed","failed","in_doubt","canceled","pending",
/// "in_flight"}}; of a stop the runs are a list "runs". What is not known yet is null. An approval has "run",
/// "changed","stage","stage_name","past_gate"; a rate "tenant","rate","until".
std::string control_json(const ControlAnswer& answer);

/// `unexpected` for anything that control_json() does not write.
Result<ControlAnswer> control_answer_from(std::string_view text);

/// For people, ending with the next command. @param store_file as in run_report.hpp
std::string control_text(const ControlAnswer& answer, std::string_view store_file = {});

}  // namespace sluice
