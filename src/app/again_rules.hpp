// SPDX-License-Identifier: MIT
// What has to be true of a retry or an undo before it is queued, whoever asks for it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/core/result.hpp"
#include "sluice/engine/again.hpp"

namespace sluice {

/// A condition over the columns of `results`; empty text: an empty function, all of them.
/// Fails: usage.
Result<std::function<bool(const DeviceResult&)>> condition_on_results(const std::string& where);

/// Refused: another number of devices than expected; or, unless somebody has said that it is meant, devices
/// that would get the command a second time.
/// @param verb "retry" or "undo" @param how_to_say_it ends the hint
Result<void> check_again(const AgainSurvey& survey, std::string_view verb,
                         std::optional<std::int64_t> expected_devices, bool is_said,
                         const std::string& how_to_say_it);

/// Whether its number of devices has to be said.
bool reaches_many(const AgainSurvey& survey);

}  // namespace sluice
