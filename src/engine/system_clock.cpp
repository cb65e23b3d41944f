// SPDX-License-Identifier: MIT
// The machine's clocks and the kernel's randomness behind their seams.
#include <sys/random.h>

#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdint>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "sluice/engine/clock.hpp"
#include "sluice/engine/randomness.hpp"

namespace sluice {
namespace asio = boost::asio;
namespace {

class SystemAlarm : public Alarm {
 public:
  explicit SystemAlarm(asio::any_io_executor executor) : timer_(std::move(executor)) {}

  asio::awaitable<void> sleep_until(SteadyTime time) override {
    if (std::exchange(is_rung_, false)) co_return;
    timer_.expires_at(time);
    boost::system::error_code canceled_by_ring;
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, canceled_by_ring));
    is_rung_ = false;
  }

  void ring() override {
    is_rung_ = true;
    timer_.cancel();
  }

 private:
  asio::steady_timer timer_;
  bool is_rung_ = false;
};

class SystemClock : public Clock {
 public:
  explicit SystemClock(asio::any_io_executor executor) : executor_(std::move(executor)) {}

  UtcTime utc_now() const override {
    return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  }
  SteadyTime steady_now() const override { return std::chrono::steady_clock::now(); }
  std::unique_ptr<Alarm> alarm() override { return std::make_unique<SystemAlarm>(executor_); }

 private:
  asio::any_io_executor executor_;
};

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

std::unique_ptr<Clock> open_system_clock(asio::any_io_executor executor) {
  return std::make_unique<SystemClock>(std::move(executor));
}

std::unique_ptr<Randomness> open_system_randomness() { return std::make_unique<SystemRandomness>(); }

}  // namespace sluice
