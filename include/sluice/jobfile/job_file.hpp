// SPDX-License-Identifier: MIT
// Text of a job file → Job. Every error at once, each with its place, what is wrong and what is expected.
#pragma once

#include <string>

#include "sluice/core/job.hpp"
#include "sluice/core/result.hpp"

namespace sluice {

/// Requests per second that can be asked for, wherever: the pacer's arithmetic is exact between these; nobody
/// needs more.
inline constexpr double rate_min = 0.001;
inline constexpr double rate_max = 100'000;

/// `targets` may be absent, since the command line can give devices too: then Job::targets is empty, and
/// it is for the caller to ask for devices. How `rate` compares to the tenant's is the caller's to check.
/// @param file how the file is called in messages
/// @return the job; or invalid_input with one line "file:line:column: field: what is wrong, what is expected"
/// per
///         finding
Result<Job> read_job(std::string file, std::string text);

/// The same, from a regular file of at most 1 MiB. Not found, a folder, a pipe, no permission: one clear
/// error.
/// @param text_out if not null, receives the text as read
Result<Job> read_job_file(const std::string& path, std::string* text_out = nullptr);

}  // namespace sluice
