// SPDX-License-Identifier: MIT
// Preloaded into a program that knows nothing of it, this makes its clocks begin at a time of the test's
// choice and run several times as fast, and its timers with them. All programs that are given the same text
// share one time. No door for this is in the program itself: what a test rehearses is what is installed.
//
// SLUICE_HASTENED_CLOCK="BEGIN UTC FACTOR": the machine's monotonic clock at which it begins, what the wall
// clock shows then, both in nanoseconds, and how many times as fast it runs from there.
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

constexpr std::int64_t second = 1'000'000'000;

struct Haste {
  std::int64_t begin = 0;
  std::int64_t utc = 0;
  std::int64_t factor = 1;
};

// Before it is read, as while a sanitizer begins, the clocks are the machine's own.
Haste haste;
bool is_read = false;

__attribute__((constructor)) void read_haste() {
  const char* text = std::getenv("SLUICE_HASTENED_CLOCK");
  long long begin = 0;
  long long utc = 0;
  long long factor = 0;
  if (text == nullptr || std::sscanf(text, "%lld %lld %lld", &begin, &utc, &factor) != 3 || factor < 1) {
    std::fputs("hastened_clock: SLUICE_HASTENED_CLOCK is not \"BEGIN UTC FACTOR\"\n", stderr);
    std::abort();
  }
  haste = {.begin = begin, .utc = utc, .factor = factor};
  is_read = true;
}

std::int64_t nanoseconds_of(const timespec& time) { return time.tv_sec * second + time.tv_nsec; }
timespec timespec_of(std::int64_t nanoseconds) {
  return {.tv_sec = nanoseconds / second, .tv_nsec = nanoseconds % second};
}

std::int64_t monotonic_now() {
  timespec now{};
  ::syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
  return nanoseconds_of(now);
}

/// An interval of hastened time that passes in the machine's: never none, which would disarm a timer.
timespec shortened(const timespec& interval) {
  const std::int64_t length = nanoseconds_of(interval);
  if (length == 0) return interval;
  return timespec_of(length > haste.factor ? length / haste.factor : 1);
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  if (::syscall(SYS_clock_gettime, clock, time) != 0) return -1;
  if (!is_read) return 0;
  const std::int64_t passed = monotonic_now() - haste.begin;
  switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
      *time = timespec_of(haste.utc + passed * haste.factor);
      return 0;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_BOOTTIME:
      *time = timespec_of(nanoseconds_of(*time) + passed * (haste.factor - 1));
      return 0;
    default:  // what a process or a thread has worked is not hastened
      return 0;
  }
}

time_t time(time_t* result) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (result != nullptr) *result = now.tv_sec;
  return now.tv_sec;
}

/// Intervals only: a time of day to wake at would have to be translated, and nobody here asks for one.
int timerfd_settime(int timer, int flags, const itimerspec* wanted, itimerspec* before) noexcept {
  itimerspec real = *wanted;
  if ((flags & TFD_TIMER_ABSTIME) == 0) {
    real.it_value = shortened(wanted->it_value);
    real.it_interval = shortened(wanted->it_interval);
  }
  return static_cast<int>(::syscall(SYS_timerfd_settime, timer, flags, &real, before));
}

}  // extern "C"
