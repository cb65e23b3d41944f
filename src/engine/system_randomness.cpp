// SPDX-License-Identifier: MIT
// The kernel's randomness behind its seam.
#include <fmt/format.h>
#include <sys/random.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <stdexcept>

#include "sluice/engine/randomness.hpp"

namespace sluice {
namespace {

// Asked of the kernel in advance: to ask for every number by itself is a system call each.
class SystemRandomness : public Randomness {
 public:
  std::string nonce() override {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto milliseconds =
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
    return fmt::format("{:012x}{:04x}{:016x}", milliseconds & 0xFFFF'FFFF'FFFF, bits() & 0xFFFF, bits());
  }

  double uniform() override { return static_cast<double>(bits() >> 11) * 0x1.0p-53; }

 private:
  std::uint64_t bits() {
    if (unused_ == 0) refill();
    return pool_[--unused_];
  }

  void refill() {
    if (::getrandom(pool_.data(), sizeof pool_, 0) != static_cast<ssize_t>(sizeof pool_))
      throw std::runtime_error("the kernel gave no random bits");
    unused_ = pool_.size();
  }

  std::array<std::uint64_t, 32> pool_{};  // 256 bytes: so many the kernel gives whole, whatever the signals
  std::size_t unused_ = 0;
};

}  // namespace

std::unique_ptr<Randomness> open_system_randomness() { return std::make_unique<SystemRandomness>(); }

}  // namespace sluice
