// SPDX-License-Identifier: MIT
// What a stage's gate demands, in words: for the plan of a run and for what is shown of one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sluice/core/rollout.hpp"

namespace sluice {

/// Its limits as sentences ("pauses when the 2nd of 20 devices fails or is in doubt"), then what else it
/// wants before the next stage. Untrusted: an outside check is the job's own words.
/// @param is_last nothing comes after its stage that it could hold back
std::vector<std::string> gate_sentences(const Gate& gate, std::int64_t stage_devices,
                                        std::int64_t run_devices, bool is_last);

}  // namespace sluice
