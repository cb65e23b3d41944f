// SPDX-License-Identifier: MIT
// How the verbs come to their store: as its owner, or beside the owner to look.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "app/options.hpp"
#include "sluice/core/result.hpp"
#include "sluice/core/run.hpp"
#include "sluice/store/store.hpp"

namespace sluice {

struct RecoveredStore {
  std::unique_ptr<Store> store;
  std::int64_t chunks = 0;  ///< that a dead process had left in flight, and that were taken over
};

/// As its owner, with what a dead process left in flight taken over. Made if there is none.
Result<RecoveredStore> open_recovered(const std::string& path);

/// The same, and what was taken over is said on stderr.
Result<std::unique_ptr<Store>> open_and_recover(const std::string& path);

/// The same for a store that must be there: a mistyped path must not make one.
Result<std::unique_ptr<Store>> open_existing_and_recover(const std::string& path);

/// The store that options, environment and configuration name, to look only.
Result<std::unique_ptr<StoreReader>> open_to_look(const CommonOptions& common);

/// not_found if there is no such run.
Result<RunRecord> find_run(StoreReader& store, RunId id);

}  // namespace sluice
