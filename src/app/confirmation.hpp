// SPDX-License-Identifier: MIT
// A run that reaches many devices at once must be meant: its exact number has to be said, in advance or when
// asked.
#pragma once

#include <cstdint>
#include <string>

#include "app/options.hpp"
#include "sluice/core/job.hpp"
#include "sluice/core/result.hpp"

namespace sluice {

/// So many devices are sent to at once without a word.
inline constexpr std::int64_t unconfirmed_devices_max = 500;

/// Whether somebody must say that he means so many devices: there are many, no stages (nor "stages": "none",
/// which says that none are wanted), and neither --expect-devices nor --plan nor --yes was given.
bool needs_confirmation(const Job& job, const SendOptions& send, std::int64_t devices);

/// Whether the line is the number, with or without thousands separators.
bool is_confirmed_by(std::string_view line, std::int64_t devices);

/// Asks on the terminal, if there is one to ask and to answer on; else, or for another answer, fails
/// (refused) with the number and `command`, which must not have --expect-devices yet.
Result<void> confirm_devices(std::int64_t devices, const SendOptions& send, const std::string& command);

}  // namespace sluice
