// SPDX-License-Identifier: MIT
// Finds the places to fill in that stand in the arguments of a job file.
#pragma once

#include <string>
#include <vector>

#include "jobfile/findings.hpp"
#include "sluice/jobfile/argument_template.hpp"
#include "sluice/jobfile/json_document.hpp"
#include "sluice/jobfile/parameter.hpp"

namespace sluice {

struct ReadTemplate {
  ArgumentTemplate arguments;
  bool is_plain =
      true;  ///< nothing is to be filled in, and no $${ stands in it: it is sent as it was written
  std::vector<WantedColumn> columns;  ///< each at the place of its first use
};

/// @param args an object; places stand in its strings only. In a member's name, one is a finding.
/// @param field how it is called: "call.args"
ReadTemplate read_template(const JsonValue& args, const std::string& field,
                           const DeclaredParameters& parameters, Findings& findings);

/// A finding for a text that looks as if it had a place to fill in, where nothing is filled in.
/// @param offset where in the document it begins
void report_template(std::string_view text, std::size_t offset, const std::string& field, Findings& findings);

}  // namespace sluice
