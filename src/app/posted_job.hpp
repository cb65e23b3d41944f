// SPDX-License-Identifier: MIT
// A job that comes over the API: its text, and its devices beside it. The API takes content, never paths:
// what a job says of files is refused, since they would be the server's.
//
//   {"job": TEXT, "devices": [NAME, …]}             the names here, over the job's own
//   {"job": TEXT, "device_list": ID, "column": NAME}  a list that was uploaded before
//
// and beside either "exclude_list": ID, a list of those that are left out, and "tenant": NAME, "set":
// {PARAMETER: TEXT}, "rate": N and "expect_devices": N, as the options of these names.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/options.hpp"
#include "app/prepared_job.hpp"
#include "http_api/api_message.hpp"
#include "sluice/core/result.hpp"

namespace sluice {

struct PostedJob {
  std::string text;
  std::vector<std::string> devices;  ///< empty: none are given
  SendOptions send;                  ///< with the uploaded list's file, if one is named
  std::string exclude_file = {};     ///< of the uploaded list of those that are left out; empty: none are
};

/// Where the file of an uploaded list is; absent: there is none of that id.
using FindDeviceList = std::function<std::optional<std::string>(std::string_view id)>;

/// Fails: invalid_input with all that is wrong in the body; not_found for a list that is not there.
Result<PostedJob> posted_job(const ApiRequest& request, const FindDeviceList& find_list);

/// The job with the devices that came beside it. Fails (invalid_input) for a job that names a file for which
/// no list came.
Result<void> give_devices(Job& job, const PostedJob& posted);

/// A program that a gate runs has the daemon's rights, so whoever names it needs them. Fails: refused.
Result<void> check_commands(const Job& job, const ApiClient& client);

}  // namespace sluice
