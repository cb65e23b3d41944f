// SPDX-License-Identifier: MIT
// The verbs that tell what became of a run: status, list, results, why, verify-rate, doubt; and version.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "app/options.hpp"
#include "app/verbs.hpp"
#include "sluice/core/ids.hpp"

namespace sluice {

class ReportVerbs {
 public:
  /// Adds them; what was given is kept here, so this outlives the parsing and the verb.
  explicit ReportVerbs(Verbs& verbs);
  ReportVerbs(const ReportVerbs&) = delete;
  ReportVerbs& operator=(const ReportVerbs&) = delete;

 private:
  void add_reporting_verbs(Verbs& verbs);
  void add_doubt_verb(Verbs& verbs);
  void add_chunk_option(CLI::App* to);

  CommonOptions& common_;
  std::optional<RunId> run_;
  std::size_t limit_ = 100;
  ResultsOptionsGiven results_;
  std::optional<std::string> code_;
  DoubtOptionsGiven doubt_;
};

}  // namespace sluice
