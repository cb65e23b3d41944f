// SPDX-License-Identifier: MIT
// verify-rate as a pure function: what the recorded sends prove about the limit. Reads nothing but the times,
// so it shares no mistake with the pacer that made them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sluice/core/time.hpp"

namespace sluice {

enum class RateVerdict {
  held,       ///< no window holds more than allowed, whenever the unknown sends may have been
  exceeded,   ///< the recorded sends alone are too many in some window
  undecided,  ///< the recorded sends keep the limit, but the unknown ones could have broken it
};

std::string_view to_string(RateVerdict verdict);

struct RateProof {
  double limit = 0;                     ///< requests per second
  std::chrono::microseconds window{0};  ///< 1 s, or the interval of one send where the limit is below 1/s
  std::int64_t allowed = 0;             ///< sends in any such window: the limit, rounded up
  std::int64_t sends = 0;               ///< with a known time
  std::int64_t unknown = 0;             ///< cut off by a crash: perhaps sent, nobody knows when
  std::int64_t most = 0;                ///< sends in the fullest window, which is half-open: [t, t + window)
  std::optional<UtcTime> fullest_at;    ///< where the first such window begins
  std::optional<std::chrono::microseconds> smallest_gap;
  std::chrono::microseconds span{0};  ///< from the first send to the last
  std::optional<double> quota_used;   ///< (sends − 1) / span / limit; absent if there is no span
  RateVerdict verdict = RateVerdict::held;
};

/// @param sent_at ascending
/// @param limit more than 0
RateProof prove_rate(std::span<const UtcTime> sent_at, double limit, std::int64_t unknown);

/// One line for each thing there is to say; `subject` says whose sends they are, "run 7".
std::string rate_proof_text(const RateProof& proof, std::string_view subject);
/// One object and a line end; `subject` as above.
/// @param of_account the same over all runs of its account; absent: there are no others
std::string rate_proof_json(const RateProof& proof, std::string_view subject,
                            const std::optional<RateProof>& of_account = std::nullopt);

}  // namespace sluice
