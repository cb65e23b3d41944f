// SPDX-License-Identifier: MIT
// Why a paused run is paused, in words for people, and what can be done about it.
#pragma once

#include <string>
#include <string_view>

#include "sluice/core/run.hpp"

namespace sluice {

/// "tenant prod is paused: SignatureDoesNotMatch (check the access key)".
std::string pause_text(const RunRecord& run);

/// As it was recorded, untrusted; empty: none is on record.
std::string_view recorded_pause_reason(const RunRecord& run);

/// Whether it is the job that is at fault: the cloud refuses it as such, or every list of its devices. A
/// resume sends the same job again, since a run keeps its own copy of the job file.
bool is_paused_by_its_job(const RunRecord& run);

}  // namespace sluice
