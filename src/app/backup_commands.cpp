// SPDX-License-Identifier: MIT
#include "app/backup_commands.hpp"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>

#include "app/display_text.hpp"
#include "app/exit_codes.hpp"
#include "app/operator_name.hpp"
#include "app/settings.hpp"
#include "app/standard_output.hpp"
#include "app/store_access.hpp"
#include "app/store_options.hpp"
#include "app/system_now.hpp"
#include "http_api/json_text.hpp"
#include "sluice/jobfile/device_name.hpp"
#include "sluice/store/audit_log.hpp"
#include "sluice/store/backup.hpp"
#include "sluice/store/figures.hpp"

namespace sluice {
namespace {

constexpr std::size_t path_bytes_max = 4096;

std::string shown(const std::string& path) { return printable(path, path_bytes_max); }

std::string backup_json(const std::string& store, const BackupMade& made) {
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version).member("store", store);
  json.member("file", made.file).member("bytes", made.bytes).end_object().end_document();
  return json.take();
}

std::string restored_json(const std::string& store, const std::string& file, const StoreRestored& restored,
                          std::int64_t in_doubt) {
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version).member("store", store);
  json.member("file", file).key("kept_as");
  restored.kept_as.empty() ? json.null() : json.value(restored.kept_as);
  json.member("devices_in_doubt", in_doubt).end_object().end_document();
  return json.take();
}

std::string restored_text(const std::string& store, const std::string& file, const StoreRestored& restored,
                          std::int64_t in_doubt) {
  std::string text = fmt::format("store {}: restored from {}\n", shown(store), shown(file));
  if (!restored.kept_as.empty())
    text += fmt::format("  kept      {}, which is the store that was there\n", shown(restored.kept_as));
  return text + fmt::format("  in doubt  {}; what was unfinished is not sent by itself\n",
                            counted(in_doubt, "device"));
}

/// Of all runs on record.
Result<std::int64_t> devices_in_doubt(StoreReader& store) {
  const Result<StoreFigures> figures = store.figures().read_figures(system_now());
  if (figures.has_error()) return figures.error();
  std::int64_t sum = 0;
  for (const TenantFigures& tenant : figures->tenants) sum += tenant.devices.in_doubt;
  return sum;
}

/// The copy is in its place: what goes wrong from here on must not hide where the old store is.
Error after_restore(Error error, const StoreRestored& restored) {
  error.message = "the backup is in place, but: " + error.message;
  if (!restored.kept_as.empty())
    error.hint += fmt::format(" The store that was there is kept as {}.", shown(restored.kept_as));
  return error;
}

Result<std::int64_t> take_over(const std::string& path, const std::string& file) {
  const Result<std::unique_ptr<Store>> store = open_and_recover(path);
  if (store.has_error()) return store.error();
  const Result<void> noted = (*store)->audit_log().append({.at = system_now(),
                                                           .actor = operator_name(),
                                                           .origin = "cli",
                                                           .action = "store_restored",
                                                           .after = "from " + file});
  if (noted.has_error()) return noted.error();
  return devices_in_doubt(**store);
}

}  // namespace

ExitCode backup_command(const CommonOptions& common, const BackupOptionsGiven& given) {
  const Environment environment = process_environment();
  const Result<Config> config = load_config(common, environment);
  if (config.has_error()) return config.error();
  const std::string store = store_path(common, environment, *config);
  const Result<BackupMade> made = back_up_store(store, given.file, given.may_replace);
  if (made.has_error()) return made.error();
  print(common.wants_json() ? backup_json(store, *made)
                            : fmt::format("store {}: copied to {}, {} bytes, checked\n", shown(store),
                                          shown(made->file), grouped(made->bytes)));
  return exit_codes::all_accepted;
}

ExitCode restore_command(const CommonOptions& common, const BackupOptionsGiven& given) {
  const Environment environment = process_environment();
  const Result<Config> config = load_config(common, environment);
  if (config.has_error()) return config.error();
  const std::string store = store_path(common, environment, *config);
  const Result<StoreRestored> restored =
      restore_store(store, given.file, system_now(), operators_store_options().is_network_allowed);
  if (restored.has_error()) return restored.error();
  const Result<std::int64_t> in_doubt = take_over(store, given.file);
  if (in_doubt.has_error()) return after_restore(in_doubt.error(), *restored);
  print(common.wants_json() ? restored_json(store, given.file, *restored, *in_doubt)
                            : restored_text(store, given.file, *restored, *in_doubt));
  return exit_codes::all_accepted;
}

}  // namespace sluice
