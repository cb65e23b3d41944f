// SPDX-License-Identifier: MIT
// A job's text with a schedule that was given beside it.
#pragma once

#include <string>
#include <string_view>

namespace sluice {

/// @param job_text a valid job without a schedule
/// @param zone empty: as the job file's default says
std::string with_schedule(const std::string& job_text, std::string_view cron, std::string_view zone);

}  // namespace sluice
