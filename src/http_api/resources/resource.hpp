// SPDX-License-Identifier: MIT
// A thing of the record that the API shows: what is read, and what is said of it. Pure but for the reader.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "http_api/api_message.hpp"
#include "http_api/router.hpp"
#include "sluice/core/result.hpp"
#include "sluice/core/time.hpp"
#include "sluice/store/pages.hpp"
#include "sluice/store/read_side.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

/// Fails: usage for a parameter that is none, not_found for a thing that is not there.
using ResourceReader =
    std::function<Result<ApiAnswer>(StoreReader& store, const ApiRequest& request, UtcTime now)>;

/// One row: what can be looked at with GET.
struct Resource {
  std::string pattern;
  std::string operation;
  std::vector<std::string> query;  ///< the keys that it knows
  ResourceReader read;
};

/// The rows as routes, for whoever may read. @param reads must outlive them
std::vector<Route> resource_routes(ReadSide& reads, std::vector<Resource> resources,
                                   std::function<UtcTime()> now);

/// Runs and what they consist of: lists, chunks, attempts, devices, doubts, codes and the job's text.
std::vector<Resource> run_resources();
/// The job files of the daemon's folder.
std::vector<Resource> job_file_resources();

/// What a run looks like as a whole: its chunks as a map, and what happened when.
std::vector<Resource> picture_resources();

/// A page of a run's devices: not among the above, since who can also export them answers its route.
Result<ApiAnswer> list_devices(StoreReader& store, const ApiRequest& request, UtcTime now);
/// The keys that both know.
std::vector<std::string> device_query_keys();
/// Which devices a request is for, but for its run. Fails: usage.
Result<DevicesWanted> devices_wanted(const ApiRequest& request);

/// The run that the path names by its parameter "run". Fails: not_found.
Result<RunRecord> run_in_path(StoreReader& store, const ApiRequest& request);

}  // namespace sluice
