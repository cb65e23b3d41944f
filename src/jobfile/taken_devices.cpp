// SPDX-License-Identifier: MIT
#include "sluice/jobfile/taken_devices.hpp"

#include <xxhash.h>

#include <algorithm>

namespace sluice {

TakenDevices::Taken TakenDevices::taken(RunId run, std::string_view device) {
  const XXH128_hash_t hash = XXH3_128bits(device.data(), device.size());
  return {hash.high64, hash.low64, run};
}

void TakenDevices::add(RunId run, std::string_view device) { taken_.push_back(taken(run, device)); }

void TakenDevices::complete() { std::sort(taken_.begin(), taken_.end()); }

std::optional<RunId> TakenDevices::run_of(std::string_view device) const {
  const Taken wanted = taken(RunId{}, device);
  const auto found = std::lower_bound(taken_.begin(), taken_.end(), wanted);
  if (found == taken_.end() || found->high != wanted.high || found->low != wanted.low) return std::nullopt;
  return found->run;
}

}  // namespace sluice
