// SPDX-License-Identifier: MIT
// How long a run will take, before it begins: the same pacer that paces it is asked for every send, with an
// answer that always takes as long. What goes wrong is not foreseen, and neither is how long a person or an
// outside check takes to say yes.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/core/send_window.hpp"
#include "sluice/core/time.hpp"

namespace sluice {

/// What the cloud's answer is assumed to take; it answers in some 50 ms.
inline constexpr std::chrono::milliseconds assumed_latency{50};

struct PlannedStage {
  std::string name;
  std::int64_t devices = 0;
  std::int64_t chunks = 0;
  std::chrono::milliseconds soak{0};  ///< after its last answer, unless it is the last stage
  bool awaits_approval = false;       ///< before it; for how long is not foreseen

  bool operator==(const PlannedStage&) const = default;
};

struct PlannedPace {
  double requests_per_second = 10;  ///< more than 0
  std::int64_t in_flight_max = 32;  ///< more than 0
  std::chrono::milliseconds latency = assumed_latency;
  std::optional<double> devices_per_minute;
  std::int64_t chunk_size = 100;
  std::optional<SendWindow> window;  ///< in a known zone
};

/// What a run cannot be faster than.
enum class TimeFloor {
  nothing,  ///< there is nothing to send
  request_rate,
  device_rate,
  soak_and_windows,
};

std::string_view to_string(TimeFloor floor);

/// Each by itself: how long it would take if there were no other.
struct TimeFloors {
  std::chrono::microseconds request_rate{0};      ///< to the last answer
  std::chrono::microseconds device_rate{0};       ///< to the last send; 0: unlimited
  std::chrono::microseconds soak_and_windows{0};  ///< in which nothing is sent because it must not be
  bool is_latency_bound = false;  ///< answers use up the requests in flight before the quota is used up

  bool operator==(const TimeFloors&) const = default;
};

/// How long it takes at least: the longest of the three, and which one that is.
std::chrono::microseconds longest(const TimeFloors& floors);
TimeFloor binding_floor(const TimeFloors& floors);

struct StageTime {
  std::chrono::microseconds begins{0};  ///< its first send, from the run's start
  std::chrono::microseconds ends{0};    ///< its last answer
  TimeFloors floors;                    ///< the soak after it is its own

  bool operator==(const StageTime&) const = default;
};

struct PlanTime {
  std::vector<StageTime> stages;       ///< one for each
  std::chrono::microseconds total{0};  ///< from the start to the last answer
  TimeFloors floors;
  /// The window does not open, or not often enough within ten years: `total` is as far as was looked.
  bool is_endless = false;

  bool operator==(const PlanTime&) const = default;
};

PlanTime plan_time(const std::vector<PlannedStage>& stages, const PlannedPace& pace, UtcTime start);

}  // namespace sluice
