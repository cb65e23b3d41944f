// SPDX-License-Identifier: MIT
// The verbs that look ahead and send nothing: validate and plan.
#include <fmt/format.h>

#include <string>
#include <utility>

#include "app/commands.hpp"
#include "app/confirmation.hpp"
#include "app/display_text.hpp"
#include "app/exit_codes.hpp"
#include "app/job_preview.hpp"
#include "app/left_out.hpp"
#include "app/plan_report.hpp"
#include "app/prepared_job.hpp"
#include "app/send_command_text.hpp"
#include "app/system_now.hpp"
#include "sluice/jobfile/device_name.hpp"

namespace sluice {
namespace {

/// The run that was planned. One that would have to be confirmed is, by the number that the plan has shown.
std::string planned_run_command(const CommonOptions& common, SendOptions send, const Survey& survey,
                                const Job& job) {
  if (needs_confirmation(job, send, survey.counts.devices)) send.expected_devices = survey.counts.devices;
  return send_command_text("run", common, send);
}

std::string valid_text(const SendOptions& send, const Survey& survey) {
  std::string text =
      fmt::format("{}: valid, {}", printable(send.job_file), counted(survey.counts.devices, "device"));
  if (const std::string left_out = left_out_text(survey.counts); !left_out.empty())
    text += fmt::format(" ({})", left_out);
  for (const StageSurvey& stage : survey.stages)
    text += fmt::format("\n  {}: {}", printable(stage.name, 64), counted(stage.devices, "device"));
  return text + "\n";
}

}  // namespace

ExitCode validate_command(const CommonOptions& common, const SendOptions& send) {
  const Result<JobAndText> loaded = load_job(send);
  if (loaded.has_error()) return loaded.error();
  const Result<Survey> surveyed = survey_alone(send, *loaded);
  if (surveyed.has_error()) return surveyed.error();
  warn_of_schedule(common, loaded->job, system_now());
  if (common.wants_json()) {
    fmt::print("{}", validity_json(loaded->job, *surveyed));
  } else {
    fmt::print("{}", valid_text(send, *surveyed));
  }
  return exit_codes::all_accepted;
}

ExitCode plan_command(const CommonOptions& common, const SendOptions& send) {
  const Environment environment = process_environment();
  const Result<PreparedJob> prepared = prepare_job(common, send, environment);
  if (prepared.has_error()) return prepared.error();
  Result<PlannedJob> planned = plan_job(*prepared, send, environment);
  if (planned.has_error()) return planned.error();
  Plan& plan = planned->plan;
  plan.next_command = planned_run_command(common, send, planned->survey, prepared->job);
  warn_of_schedule(common, prepared->job, system_now());
  fmt::print("{}", common.wants_json() ? plan_json(plan) : plan_text(plan));
  return exit_codes::all_accepted;
}

}  // namespace sluice
