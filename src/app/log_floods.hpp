// SPDX-License-Identifier: MIT
// When an event comes too often to be told each time: of each name and tenant so many in ten seconds are
// told, the others are counted and told as one.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/core/time.hpp"

namespace sluice {

struct FloodOptions {
  int told_max = 20;  ///< of one name and tenant in each span
  std::chrono::seconds span{10};
};

/// Events that were not told.
struct FloodSummary {
  std::string name;
  std::string tenant;  ///< empty: they named none
  std::int64_t count = 0;
  SteadyTime since;  ///< when the span began

  bool operator==(const FloodSummary&) const = default;
};

class LogFloods {
 public:
  explicit LogFloods(FloodOptions options) : options_(options) {}

  /// Whether the event is to be told; if not, it has been counted.
  bool admits(std::string_view name, std::string_view tenant, SteadyTime now);

  /// What the spans that are over kept back. Each is told once; then the span is forgotten.
  std::vector<FloodSummary> ended(SteadyTime now);

  /// The same of all spans, as at the end of the program.
  std::vector<FloodSummary> all();

 private:
  struct Span {
    SteadyTime since;
    std::int64_t seen = 0;
  };
  using Spans = std::map<std::pair<std::string, std::string>, Span, std::less<>>;

  template <class IsOver>
  std::vector<FloodSummary> take(const IsOver& is_over);

  FloodOptions options_;
  Spans spans_;
};

}  // namespace sluice
