// SPDX-License-Identifier: MIT
// Seam: randomness. Nonces must never repeat, so the real one asks the kernel.
#pragma once

#include <memory>
#include <string>

namespace sluice {

class Randomness {
 public:
  virtual ~Randomness() = default;

  /// 128 bits in lower-case hexadecimal that never come twice. The real ones begin with the time, like a UUID
  /// of version 7, so that the nonces of one claim are neighbours in the store's index; 80 bits are random.
  virtual std::string nonce() = 0;
  /// Uniform in [0, 1).
  virtual double uniform() = 0;
};

std::unique_ptr<Randomness> open_system_randomness();

}  // namespace sluice
