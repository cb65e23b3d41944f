// SPDX-License-Identifier: MIT
// Seam: randomness. Nonces must never repeat, so the real one asks the kernel.
#pragma once

#include <memory>
#include <string>

namespace sluice {

class Randomness {
 public:
  virtual ~Randomness() = default;

  /// 128 random bits in lower-case hexadecimal.
  virtual std::string nonce() = 0;
  /// Uniform in [0, 1).
  virtual double uniform() = 0;
};

std::unique_ptr<Randomness> open_system_randomness();

}  // namespace sluice
