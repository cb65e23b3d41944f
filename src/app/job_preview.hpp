// SPDX-License-Identifier: MIT
// What would become of a job: `validate` and `plan`, for the command line and the API alike. Nothing is sent
// and nothing is queued.
#pragma once

#include <string>

#include "app/plan_report.hpp"
#include "app/prepared_job.hpp"
#include "sluice/core/result.hpp"
#include "sluice/engine/survey.hpp"

namespace sluice {

/// What its list comes to before anybody has said where it is sent. A job that names no devices has none.
/// Fails as survey() does, and as check_stages().
Result<Survey> survey_alone(const SendOptions& send, const JobAndText& loaded);

/// {"schema_version","valid","job","devices","duplicates","unmatched","excluded"} and a line end.
std::string validity_json(const Job& job, const Survey& survey);

struct PlannedJob {
  Plan plan;  ///< but for its next command
  Survey survey;
};

/// Fails as survey(), check_stages() and forecast() do, and (refused) if the devices are not as many as
/// expected.
Result<PlannedJob> plan_job(const PreparedJob& prepared, const SendOptions& send,
                            const Environment& environment);

}  // namespace sluice
