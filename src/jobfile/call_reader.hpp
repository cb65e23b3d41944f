// SPDX-License-Identifier: MIT
// The "call" of a job file: which service, with which arguments.
#pragma once

#include <string_view>

#include "jobfile/findings.hpp"
#include "sluice/core/job.hpp"
#include "sluice/jobfile/json_document.hpp"

namespace sluice {

/// @param value an object; what is wrong with it goes to `findings`
/// @param key where it stands in the job: "call" or "compensate"
Call read_call(const JsonValue& value, Findings& findings, std::string_view key = "call");

/// 1 to 128 visible ASCII characters, no blanks: what an identifier of the cloud may look like at most.
bool is_token(std::string_view text);
inline constexpr std::string_view token_in_words = "1 to 128 ASCII characters without blanks";

}  // namespace sluice
