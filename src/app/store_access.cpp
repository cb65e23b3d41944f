// SPDX-License-Identifier: MIT
#include "app/store_access.hpp"

#include <fmt/format.h>

#include <csignal>
#include <optional>
#include <utility>

#include "app/say.hpp"
#include "app/settings.hpp"
#include "app/store_options.hpp"
#include "app/system_now.hpp"
#include "sluice/engine/recovery.hpp"
#include "sluice/engine/run_control.hpp"
#include "sluice/store/open_store.hpp"

namespace sluice {

Result<RecoveredStore> open_recovered(const std::string& path) {
  Result<std::unique_ptr<Store>> store =
      open_store(path, system_now(), system_boot_clock(), operators_store_options());
  if (store.has_error()) return store.error();
  const Result<std::int64_t> recovered = recover_unfinished(**store, system_now());
  if (recovered.has_error()) return recovered.error();
  return RecoveredStore{*std::move(store), *recovered};
}

Result<std::unique_ptr<Store>> open_and_recover(const std::string& path) {
  Result<RecoveredStore> opened = open_recovered(path);
  if (opened.has_error()) return opened.error();
  if (opened->chunks > 0) {
    say(fmt::format("recovered chunks={} left_in_flight_by=\"an earlier process\"\n", opened->chunks));
  }
  return std::move(opened->store);
}

Result<std::unique_ptr<Store>> open_existing_and_recover(const std::string& path) {
  const Result<std::unique_ptr<StoreReader>> existing = open_store_reader(path);
  if (existing.has_error() && existing.error().kind == ErrorKind::not_found) return existing.error();
  return open_and_recover(path);
}

Result<std::unique_ptr<StoreReader>> open_to_look(const CommonOptions& common) {
  // Whoever closes the pipe has seen enough; a verb that only reads may simply end then, as every filter
  // does.
  std::signal(SIGPIPE, SIG_DFL);
  const Environment environment = process_environment();
  const Result<Config> config = load_config(common, environment);
  if (config.has_error()) return config.error();
  return open_store_reader(store_path(common, environment, *config));
}

Result<RunRecord> find_run(StoreReader& store, RunId id) { return known_run(store, id); }

}  // namespace sluice
