// SPDX-License-Identifier: MIT
// A run's time cut into equal pieces: how much went out in each, what came of it, and how long the answers
// took.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sluice/core/time.hpp"
#include "sluice/store/run_picture.hpp"

namespace sluice {

/// From a request's first byte to its recorded answer. By nearest rank: each is one that was measured.
struct Latencies {
  std::chrono::microseconds median{0};
  std::chrono::microseconds p95{0};
  std::chrono::microseconds longest{0};

  bool operator==(const Latencies&) const = default;
};

struct ActivityBucket {
  std::int64_t requests = 0;  ///< that went out in it
  // Devices whose newest result came in it.
  std::int64_t devices_accepted = 0;  ///< presumed ones included
  std::int64_t devices_failed = 0;
  std::int64_t devices_in_doubt = 0;
  std::optional<Latencies> latencies;  ///< of its requests; absent: none was answered

  bool operator==(const ActivityBucket&) const = default;
};

struct RunActivity {
  std::optional<UtcTime> from;  ///< the first send; absent: there was none, and there are no buckets
  std::chrono::seconds bucket{1};
  std::vector<ActivityBucket> buckets;
};

/// @param end of the run, or now @param buckets_max 1 or more: there are fewer where a bucket would be
/// shorter than a second, since each is a whole number of them
RunActivity activity_of(const std::vector<SentRequest>& sends, const std::vector<ChunkOutcome>& outcomes,
                        UtcTime end, std::size_t buckets_max);

/// Nothing for no durations.
std::optional<Latencies> latencies_of(std::vector<std::chrono::microseconds> durations);

/// {"schema_version","from","bucket_seconds","buckets":[…]} and a line end.
std::string activity_json(const RunActivity& activity);

}  // namespace sluice
