// SPDX-License-Identifier: MIT
// Randomness that is the same for the same seed, for rehearsals that can be repeated and for tests. Only
// where nobody else sends: whoever knows the seed knows every nonce.
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "sluice/engine/randomness.hpp"

namespace sluice {

class SeededRandomness : public Randomness {
 public:
  explicit SeededRandomness(std::uint64_t seed) : bits_(seed) {}

  std::string nonce() override;
  double uniform() override;

 private:
  std::mt19937_64 bits_;
};

}  // namespace sluice
