// SPDX-License-Identifier: MIT
#include "sluice/engine/submit.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "sluice/core/kill_point.hpp"

namespace sluice {
namespace {

// 50,000 devices a transaction: large enough that syncing does not count on a slow disk, small enough to stay
// in the page cache.
constexpr std::size_t chunks_per_slice = 500;

Result<std::vector<NewChunk>> next_slice(DeviceList& devices, std::size_t chunk_size) {
  std::vector<NewChunk> slice;
  while (slice.size() < chunks_per_slice) {
    NewChunk chunk;
    const Result<std::size_t> count = devices.read(chunk_size, chunk.names);
    if (count.has_error()) return count.error();
    if (*count == 0) break;
    chunk.devices = static_cast<int>(*count);
    slice.push_back(std::move(chunk));
  }
  return slice;
}

Result<std::int64_t> add_all_chunks(Store& store, RunId run, DeviceList& devices, std::size_t chunk_size) {
  std::int64_t chunks = 0;
  while (true) {
    Result<std::vector<NewChunk>> slice = next_slice(devices, chunk_size);
    if (slice.has_error()) return slice.error();
    if (slice->empty()) return chunks;
    const Result<void> added = store.add_chunks(run, *slice);
    if (added.has_error()) return added.error();
    reach(KillPoint::import_slice);
    chunks += static_cast<std::int64_t>(slice->size());
  }
}

Result<Submitted> fill_and_seal(Store& store, RunId run, DeviceList& devices, const SubmitRequest& request) {
  const Result<std::int64_t> chunks = add_all_chunks(store, run, devices, request.job.chunk_size);
  if (chunks.has_error()) return chunks.error();
  const Submitted submitted{run, static_cast<std::int64_t>(devices.devices()),
                            static_cast<std::int64_t>(devices.duplicates()), *chunks};
  if (request.expected_devices && *request.expected_devices != submitted.devices) {
    return unexpected_device_count(submitted.devices, *request.expected_devices);
  }
  reach(KillPoint::import_seal);
  const Result<void> sealed = store.seal_run(run, submitted.duplicates);
  if (sealed.has_error()) return sealed.error();
  reach(KillPoint::import_sealed);
  return submitted;
}

}  // namespace

Result<Submitted> submit(Store& store, DeviceList& devices, const SubmitRequest& request) {
  const Result<RunId> run = store.create_run({.job_name = request.job.name,
                                              .tenant = request.tenant,
                                              .endpoint = request.endpoint,
                                              .job_text = request.job_text,
                                              .rate = request.rate,
                                              .created_at = request.now,
                                              .predicted = request.predicted});
  if (run.has_error()) return run.error();
  Result<Submitted> submitted = fill_and_seal(store, *run, devices, request);
  if (submitted.has_error()) {
    // What cannot be dropped now is dropped at the next open: unsealed runs never survive one.
    (void)store.drop_unsealed(*run);
  }
  return submitted;
}

Error unexpected_device_count(std::int64_t devices, std::int64_t expected) {
  return {ErrorKind::refused, fmt::format("the list has {} devices, but {} were expected", devices, expected),
          "Nothing was sent. Check the device list, or expect the number that it has."};
}

}  // namespace sluice
