// SPDX-License-Identifier: MIT
// A surveyed run as a plan, and what is wrong with its stages now that their sizes are known.
#pragma once

#include "app/plan_report.hpp"
#include "app/prepared_job.hpp"
#include "sluice/core/result.hpp"
#include "sluice/engine/survey.hpp"

namespace sluice {

/// All of it but the size of the largest request and the next command.
Plan plan_of(const PreparedJob& prepared, const Survey& survey, const RunForecast& forecast);

/// Fails (invalid_input) with every gate that can never have its sample, and every outside check that cannot
/// be asked.
/// @param file how the job file is called in messages
Result<void> check_stages(const std::string& file, const Job& job, const Survey& survey);

}  // namespace sluice
