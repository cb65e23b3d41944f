// SPDX-License-Identifier: MIT
#include "sluice/jobfile/target_rules.hpp"

#include <utility>

#include "jobfile/findings.hpp"
#include "jobfile/rules_reader.hpp"
#include "sluice/jobfile/job_file.hpp"
#include "sluice/jobfile/json_document.hpp"

namespace sluice {

Result<TargetRules> read_target_rules(std::string file, std::string text,
                                      const std::vector<ParameterSetting>& settings) {
  // Whatever is wrong with the job is wrong with its rules too.
  if (auto job = read_job(file, text); !job) return job.error();
  const auto document = JsonDocument::parse(file, std::move(text));
  if (!document) return document.error();
  Findings findings(*document);
  ReadRules read = read_rules(document->root(), findings);
  auto params = settle_parameters(file, read.params, settings);
  if (!params) return params.error();

  TargetRules rules{.where = std::move(read.where),
                    .params = *std::move(params),
                    .columns = std::move(read.columns),
                    .stratify_by = std::move(read.stratify_by)};
  const bool is_plain = read.args.is_plain && (!read.compensate_args || read.compensate_args->is_plain);
  if (is_plain) return rules;
  rules.arguments = Arguments{.args = read.args.arguments.bound(rules.params, rules.columns)};
  if (read.compensate_args) {
    rules.arguments->compensate_args = read.compensate_args->arguments.bound(rules.params, rules.columns);
  }
  return rules;
}

}  // namespace sluice
