// SPDX-License-Identifier: MIT
// Which devices an unfinished run has already, and which run that is. 24 bytes a device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "sluice/core/ids.hpp"

namespace sluice {

class TakenDevices {
 public:
  void add(RunId run, std::string_view device);
  /// To be called once, when all are added and before any is asked for.
  void complete();

  /// One of the runs that have it: the oldest.
  std::optional<RunId> run_of(std::string_view device) const;
  bool empty() const { return taken_.empty(); }

 private:
  struct Taken {
    std::uint64_t high = 0;  // 128 bits of hash stand for the name, as in seen_devices.hpp
    std::uint64_t low = 0;
    RunId run;
    auto operator<=>(const Taken&) const = default;
  };

  static Taken taken(RunId run, std::string_view device);

  std::vector<Taken> taken_;
};

}  // namespace sluice
