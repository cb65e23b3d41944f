// SPDX-License-Identifier: MIT
#include <ctime>
#include <fstream>

#include "sluice/store/open_store.hpp"

namespace sluice {
namespace {

std::chrono::nanoseconds since_boot() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
}

}  // namespace

BootClock system_boot_clock() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  BootClock clock{.boot_id = {}, .since_boot = since_boot};
  std::getline(file, clock.boot_id);
  return clock;
}

}  // namespace sluice
