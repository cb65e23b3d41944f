// SPDX-License-Identifier: MIT
// Opens the SQLite store: as its one owner, or beside the owner to read.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "sluice/core/result.hpp"
#include "sluice/core/time.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

/// Time since the machine was started, suspend included, and which start that was. It never jumps, so it can
/// say across processes how long ago something was; across starts of the machine it says nothing.
struct BootClock {
  std::string boot_id;  ///< changes with every start of the machine; empty: unknown
  std::function<std::chrono::nanoseconds()> since_boot;
};

BootClock system_boot_clock();

/// Takes a sentence for the operator, from whichever thread uses the store.
using StoreNotice = std::function<void(const std::string&)>;

struct StoreOptions {
  StoreNotice notice;
  /// Whether the store may be on a file system that other hosts could reach as well.
  bool is_network_allowed = false;
};

/// Takes the owner's lock, creates or migrates the schema, makes everything that a dead process left durable
/// (checkpoint and boot row), and drops runs that were never sealed.
///
/// The file PATH.generation beside it says how far the store had come. When the database has come less far,
/// an older copy was put back, and nobody knows what was sent since: everything unfinished becomes in doubt
/// (chunks.held = 'store_restored'), and `notice` is told. A missing file is made.
///
/// Fails: `refused` if another process owns the store, its schema is newer, its place cannot be trusted (a
/// network file system, a file with two names), or the generation file tells of a store that is not there or
/// of another one; `storage` for anything the disk says. Folders that do not exist are created, readable by
/// the user alone. Once open, a store whose file or lock is moved, removed or replaced stops (storage_lost).
Result<std::unique_ptr<Store>> open_store(const std::string& path, UtcTime now,
                                          BootClock boot_clock = system_boot_clock(),
                                          StoreOptions options = {});

/// In memory, for tests.
Result<std::unique_ptr<Store>> open_memory_store(UtcTime now, BootClock boot_clock = system_boot_clock());

/// Read-only; never checkpoints and never blocks the owner. not_found if there is no store.
Result<std::unique_ptr<StoreReader>> open_store_reader(const std::string& path);

}  // namespace sluice
