// SPDX-License-Identifier: MIT
#include "engine/seeded_randomness.hpp"

#include <fmt/format.h>

namespace sluice {

std::string SeededRandomness::nonce() {
  const std::uint64_t high = bits_();
  const std::uint64_t low = bits_();
  return fmt::format("{:016x}{:016x}", high, low);
}

// The standard's distributions may differ between libraries, so they are not used.
double SeededRandomness::uniform() { return static_cast<double>(bits_() >> 11U) * 0x1.0p-53; }

}  // namespace sluice
