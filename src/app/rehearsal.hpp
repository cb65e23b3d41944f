// SPDX-License-Identifier: MIT
// A whole run of a job against the simulated cloud, on a store of its own: made ready here, for the verb and
// for the API alike.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/options.hpp"
#include "app/posted_job.hpp"
#include "app/prepared_job.hpp"
#include "app/rehearsal_ground.hpp"
#include "app/session.hpp"
#include "sluice/core/result.hpp"
#include "sluice/core/time.hpp"

namespace sluice {

/// In virtual time a request takes the machine about a tenth of a millisecond, so this is about two seconds.
inline constexpr std::int64_t posted_rehearsal_devices_max = 20'000;

struct Rehearsal {
  RehearsalGround ground;
  std::unique_ptr<Store> store;  ///< with the run in its queue; goes before the ground
  SessionRun run;
  std::optional<RunForecast> forecast;
};

using MakeRehearsalGround = std::function<Result<RehearsalGround>(const simulator::Options&)>;

/// @param devices_max more of them are refused (invalid_input)
/// Fails as survey() and submit() do, and as the ground.
Result<Rehearsal> prepare_rehearsal(const SendOptions& send, const JobAndText& loaded, TargetList& targets,
                                    simulator::Options cloud, const std::string& submitter,
                                    std::int64_t devices_max, const MakeRehearsalGround& make_ground);

/// Whether the job asks somebody who is not asked in a rehearsal.
bool asks_anybody(const Job& job);

/// A job that came over the API, in virtual time from `start` on, without faults. Blocking.
/// @return {"schema_version","start","summary","rate","cloud"}
/// Fails: as prepare_rehearsal() does; invalid_input for more than posted_rehearsal_devices_max.
Result<std::string> rehearse_posted(const PostedJob& posted, const std::string& submitter, UtcTime start);

}  // namespace sluice
