// SPDX-License-Identifier: MIT
// Short words for what the store's tests do all the time.
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/store/store.hpp"

namespace sluice::store_tests {

using namespace std::chrono_literals;

inline constexpr UtcTime noon{std::chrono::seconds{1'800'000'000}};

template <class T>
T expect(Result<T> result) {
  INFO((result.has_error() ? result.error().message : std::string{}));
  REQUIRE_FALSE(result.has_error());
  return std::move(result).value();
}

inline void expect(const Result<void>& result) {
  INFO((result.has_error() ? result.error().message : std::string{}));
  REQUIRE_FALSE(result.has_error());
}

template <class T>
ErrorKind kind_of(const Result<T>& result) {
  REQUIRE(result.has_error());
  return result.error().kind;
}

/// "d0\nd1\n…": n names from the first number on.
inline std::string names(int first, int n) {
  std::string text;
  for (int i = first; i < first + n; ++i) text += "dev-" + std::to_string(i) + "\n";
  return text;
}

/// A sealed run of devices dev-0, dev-1 … in chunks of the given sizes.
inline RunId submit(Store& store, const std::vector<int>& chunk_sizes, const std::string& tenant = "prod",
                    UtcTime created_at = noon) {
  const RunId run = expect(store.create_run({.job_name = "job",
                                             .tenant = tenant,
                                             .endpoint = "https://iot.example",
                                             .job_text = "{\"name\":\"job\"}",
                                             .rate = 8,
                                             .created_at = created_at}));
  std::vector<NewChunk> chunks;
  int first = 0;
  for (const int size : chunk_sizes) {
    chunks.push_back({.devices = size, .names = names(first, size)});
    first += size;
  }
  expect(store.add_chunks(run, chunks));
  expect(store.seal_run(run, 0));
  return run;
}

/// A nonce that neither this test program nor a process that it forked has made before.
inline AttemptIntent fresh_intent(const ClaimedChunk& chunk) {
  static int made = 0;
  const std::string number = std::to_string(++made);
  return {.nonce = std::to_string(getpid()) + "-" + number,
          .timestamp = "2027-01-15T08:00:" + number,
          .key_id = "key",
          .digest = "digest of " + std::to_string(chunk.names.size())};
}

inline std::vector<ClaimedChunk> claim(Store& store, int limit, UtcTime now = noon,
                                       const std::string& tenant = "prod", std::vector<RunId> runs = {}) {
  return expect(store.claim(
      {.tenant = tenant, .runs = std::move(runs), .limit = limit, .now = now, .make_intent = fresh_intent}));
}

inline ClaimedChunk claim_one(Store& store, UtcTime now = noon) {
  std::vector<ClaimedChunk> claimed = claim(store, 1, now);
  REQUIRE(claimed.size() == 1);
  return claimed.front();
}

inline Settlement settlement(const ClaimedChunk& claimed, OutcomeKind kind, Transition transition,
                             UtcTime at = noon + 1s) {
  return {.chunk = claimed.chunk,
          .attempt = claimed.attempt,
          .outcome = {.kind = kind,
                      .code = "Code." + std::string{to_string(kind)},
                      .message = "text",
                      .request_id = "r-1"},
          .transition = transition,
          .sent_at = at - 100ms,
          .settled_at = at};
}

inline Settlement accepted(const ClaimedChunk& claimed, UtcTime at = noon + 1s) {
  return settlement(claimed, OutcomeKind::accepted,
                    {.state = ChunkState::succeeded, .evidence = Evidence::confirmed}, at);
}

inline Settlement retried(const ClaimedChunk& claimed, UtcTime due_at, UtcTime at = noon + 1s) {
  return settlement(claimed, OutcomeKind::unavailable, {.state = ChunkState::pending, .due_at = due_at}, at);
}

inline Settlement silent(const ClaimedChunk& claimed, UtcTime at = noon + 1s) {
  return settlement(claimed, OutcomeKind::silent,
                    {.state = ChunkState::pending, .due_at = at, .spends_attempt = false, .replay = true},
                    at);
}

inline Settlement rejected(const ClaimedChunk& claimed, UtcTime at = noon + 1s) {
  const ChunkState next = claimed.facts.devices > 1 ? ChunkState::split : ChunkState::failed;
  return settlement(claimed, OutcomeKind::rejected_devices, {.state = next}, at);
}

inline RunRecord record_of(StoreReader& store, RunId run) {
  const auto found = expect(store.run(run));
  REQUIRE(found.has_value());
  return *found;
}

/// A device's result that outlives the visit.
struct Device {
  std::string name;
  ChunkState state;
  Evidence evidence;
  ChunkId chunk;
  int attempts;
  std::string code;
  std::string request_id;
};

inline std::vector<Device> devices_of(StoreReader& store, RunId run, const DeviceFilter& filter = {}) {
  std::vector<Device> devices;
  expect(store.for_each_device(run, filter, [&](const DeviceResult& device) {
    devices.push_back({std::string{device.device}, device.state, device.evidence, device.chunk,
                       device.attempts, std::string{device.code}, std::string{device.request_id}});
    return true;
  }));
  return devices;
}

inline std::string names_of(const std::vector<Device>& devices) {
  std::string text;
  for (const Device& device : devices) text += device.name + "\n";
  return text;
}

inline std::int64_t& count_of(StateCounts& counts, ChunkState state, Evidence evidence) {
  switch (state) {
    case ChunkState::pending:
      return counts.pending;
    case ChunkState::in_flight:
      return counts.in_flight;
    case ChunkState::succeeded:
      return evidence == Evidence::confirmed ? counts.accepted : counts.presumed;
    case ChunkState::failed:
      return counts.failed;
    case ChunkState::in_doubt:
      return counts.in_doubt;
    case ChunkState::canceled:
      return counts.canceled;
    case ChunkState::split:
      break;
  }
  return counts.split;
}

/// What the counters should be, counted device by device.
inline std::pair<StateCounts, StateCounts> recount(StoreReader& store, RunId run) {
  StateCounts devices;
  StateCounts chunks;
  std::map<ChunkId, std::pair<ChunkState, Evidence>> leaves;
  for (const Device& device : devices_of(store, run)) {
    ++count_of(devices, device.state, device.evidence);
    leaves[device.chunk] = {device.state, device.evidence};
  }
  for (const auto& [chunk, leaf] : leaves) ++count_of(chunks, leaf.first, leaf.second);
  return {devices, chunks};
}

/// The counters of the run say what a recount of its devices says.
inline void check_counters(StoreReader& store, RunId run) {
  const RunRecord record = record_of(store, run);
  auto [devices, chunks] = recount(store, run);
  // Told as in flight, but in the queue.
  const std::int64_t unclear = expect(store.queue_state(run, noon)).unclear_devices;
  devices.in_flight -= unclear;
  devices.pending += unclear;
  CHECK(record.devices == devices);
  StateCounts leaves = record.chunks;
  leaves.split = 0;
  CHECK(leaves.pending + leaves.in_flight == chunks.pending + chunks.in_flight);
  leaves.pending = chunks.pending;
  leaves.in_flight = chunks.in_flight;
  CHECK(leaves == chunks);
}

}  // namespace sluice::store_tests
