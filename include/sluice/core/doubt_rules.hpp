// SPDX-License-Identifier: MIT
// Doubt is left by an operator's word alone: what the word makes of a chunk, and when it is refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "sluice/core/chunk_rules.hpp"
#include "sluice/core/ids.hpp"
#include "sluice/core/result.hpp"
#include "sluice/core/run.hpp"
#include "sluice/core/time.hpp"

namespace sluice {

enum class DoubtVerdict {
  accept,  ///< it counts as accepted, presumed
  resend,  ///< the permission for one execution more
};

/// What is decided about, and by how many devices the operator believes to decide.
struct DoubtInQuestion {
  RunId run;
  RunControl control = RunControl::active;
  std::int64_t devices = 0;  ///< in doubt, of the chunks that are meant
  std::optional<std::int64_t> expected_devices;
};

/// Refused: where nothing is in doubt; for another number of devices than expected; and a resend without a
/// number, or in a run that was canceled.
Result<void> check_verdict(DoubtVerdict verdict, const DoubtInQuestion& question);

/// What the word makes of a chunk in doubt. A resend begins anew, with all of the job's attempts.
Transition resolve(DoubtVerdict verdict, UtcTime now);

std::string_view to_string(DoubtVerdict verdict);
std::optional<DoubtVerdict> doubt_verdict_from(std::string_view word);

}  // namespace sluice
