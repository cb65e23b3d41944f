// SPDX-License-Identifier: MIT
// A prepared job comes into the queue: surveyed, agreed to, submitted. The same for whoever wants it there: a
// command, a request to the daemon, a tick of a schedule, a file in the jobs' folder.
#pragma once

#include <functional>
#include <optional>

#include "app/options.hpp"
#include "app/prepared_job.hpp"
#include "app/run_forecast.hpp"
#include "sluice/core/result.hpp"
#include "sluice/engine/submit.hpp"
#include "sluice/engine/survey.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

/// Sees what the run will be, before anything is queued; an error keeps it out of the queue.
using Agreement =
    std::function<Result<void>(const Survey& survey, const std::optional<RunForecast>& forecast)>;

/// Refuses a job that reaches many devices at once, unless their number or "--yes" was given: nobody is there
/// to be asked.
Agreement without_asking(const Job& job, const SendOptions& send);

struct SurveyedJob {
  TargetList targets;
  Survey survey;
  std::optional<RunForecast> forecast;
};

/// What the job would be, and whether it may be: queues nothing, so beside a store's owner, too.
Result<SurveyedJob> survey_job(StoreReader& store, const PreparedJob& prepared, const SendOptions& send,
                               const SubmitRequest& request, const Agreement& agreement);

/// @param request as submit_request() makes it, with who says so, when, and what for
/// Fails as survey() and submit() do, and as the agreement does.
Result<Submitted> queue_job(Store& store, const PreparedJob& prepared, const SendOptions& send,
                            SubmitRequest request, const Agreement& agreement);

}  // namespace sluice
