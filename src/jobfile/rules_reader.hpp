// SPDX-License-Identifier: MIT
// The parts of a job file that are about each device by itself, before the command line has set anything.
#pragma once

#include <optional>
#include <vector>

#include "jobfile/findings.hpp"
#include "jobfile/template_reader.hpp"
#include "sluice/jobfile/condition.hpp"
#include "sluice/jobfile/json_document.hpp"
#include "sluice/jobfile/parameter.hpp"

namespace sluice {

struct ReadRules {
  std::optional<Condition> where;
  DeclaredParameters params;
  ReadTemplate args;
  std::optional<ReadTemplate> compensate_args;
  std::vector<WantedColumn> columns;  ///< those of `where` first, in its order
  std::vector<WantedColumn> stratify_by;
};

/// @param root the document's, an object; what is wrong goes to `findings`, but for kinds that do not fit:
/// those are read_job()'s to report
ReadRules read_rules(const JsonValue& root, Findings& findings);

}  // namespace sluice
