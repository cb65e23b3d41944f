// SPDX-License-Identifier: MIT
#include "app/serve_command.hpp"

#include <sys/prctl.h>

#include <utility>

#include "app/daemon.hpp"
#include "app/prepared_tenant.hpp"
#include "app/session_ground.hpp"
#include "app/settings.hpp"
#include "app/store_access.hpp"
#include "sluice/store/open_store.hpp"

namespace sluice {
namespace {

Result<DaemonStores> open_stores(std::string file) {
  DaemonStores stores{.file = std::move(file)};
  Result<RecoveredStore> owned = open_recovered(stores.file);
  if (owned.has_error()) return owned.error();
  stores.store = std::move(owned->store);
  stores.recovered_chunks = owned->chunks;
  for (std::unique_ptr<StoreReader>* reader : {&stores.for_worker, &stores.for_lanes}) {
    Result<std::unique_ptr<StoreReader>> opened = open_store_reader(stores.file);
    if (opened.has_error()) return opened.error();
    *reader = std::move(*opened);
  }
  return stores;
}

}  // namespace

Result<int> serve_command(const CommonOptions& common) {
  const Environment environment = process_environment();
  Result<Config> config = load_config(common, environment);
  if (config.has_error()) return config.error();
  Result<DaemonStores> stores = open_stores(store_path(common, environment, *config));
  if (stores.has_error()) return stores.error();
  // Other programs of the same user must not read keys out of its memory.
  ::prctl(PR_SET_DUMPABLE, 0);
  const SessionGround ground = machine_ground();
  Daemon daemon{std::move(*stores), std::move(*config), common, without_commands(environment), ground};
  const Result<void> served = daemon.run();
  if (served.has_error()) return served.error();
  return exit_codes::all_accepted;
}

}  // namespace sluice
