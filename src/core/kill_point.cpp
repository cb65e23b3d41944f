// SPDX-License-Identifier: MIT
#include "sluice/core/kill_point.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace sluice {
namespace {

constexpr const char* variable = "SLUICE_TEST_KILL_AT";

// The loop and the database thread reach points alike.
std::atomic<int> times_left = 0;

/// A test that names a point wrongly would otherwise pass for the reason that nothing was tested.
[[noreturn]] void refuse(const char* value) {
  std::fprintf(stderr, "%s=%s: expected POINT:TIMES, such as settle.inside:3\n", variable, value);
  ::_exit(2);
}

std::optional<KillPoint> point_of_environment() {
  const char* value = std::getenv(variable);
  if (value == nullptr) return std::nullopt;
  const std::string_view text = value;
  const std::size_t colon = std::min(text.find(':'), text.size());
  const std::string_view name = text.substr(0, colon);
  const std::string_view count = text.substr(std::min(colon + 1, text.size()));
  int times = 0;
  const auto [end, error] = std::from_chars(count.data(), count.data() + count.size(), times);
  const auto* found = std::find_if(kill_points.begin(), kill_points.end(),
                                   [&](const auto& known) { return known.second == name; });
  if (found == kill_points.end() || error != std::errc{} || end != count.data() + count.size() || times < 1)
    refuse(value);
  times_left = times;
  return found->first;
}

}  // namespace

namespace kill_point {

const std::optional<KillPoint> armed = point_of_environment();

void count_down() {
  if (--times_left == 0) ::kill(::getpid(), SIGKILL);
}

}  // namespace kill_point
}  // namespace sluice
