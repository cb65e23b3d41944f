// SPDX-License-Identifier: MIT
#include "app/keeping_commands.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <utility>

#include "app/audit_report.hpp"
#include "app/daemon_work.hpp"
#include "app/exit_codes.hpp"
#include "app/operator_name.hpp"
#include "app/prune_report.hpp"
#include "app/settings.hpp"
#include "app/store_access.hpp"
#include "app/system_now.hpp"
#include "jobfile/duration_text.hpp"
#include "sluice/engine/prune.hpp"
#include "sluice/jobfile/device_name.hpp"
#include "store/audit_chain.hpp"

namespace sluice {
namespace {

ExitCode show_audit(StoreReader& store, bool as_json) {
  const Result<void> shown =
      store.audit_reader().for_each_audit_row(before_every_row, [&](const AuditRow& row) {
        fmt::print("{}", as_json ? audit_row_json(row) : audit_row_text(row));
        return true;
      });
  if (shown.has_error()) return shown.error();
  return exit_codes::all_accepted;
}

ExitCode verify_audit(StoreReader& store, const AuditOptionsGiven& given, bool as_json) {
  const std::optional<AuditHead> kept = audit_head_from(given.head);
  if (!given.head.empty() && !kept) {
    return Error{ErrorKind::usage, fmt::format("--head {}: this is not a head", printable(given.head, 128)),
                 "Expected one as `sluice audit verify` shows it: NUMBER:HASH."};
  }
  AuditCheck check{kept};
  const Result<void> read = store.audit_reader().for_each_audit_row(
      before_every_row, [&](const AuditRow& row) { return check.take(row); });
  if (read.has_error()) return read.error();
  if (const std::optional<std::string> fault = check.fault()) {
    return Error{ErrorKind::refused, "the audit has been tampered with: " + *fault,
                 "Compare it with a backup or an export that was kept elsewhere."};
  }
  fmt::print("{}", as_json ? audit_verified_json(check.head()) : audit_verified_text(check.head()));
  return exit_codes::all_accepted;
}

Result<void> note_pruned(Store& store, const PruneReport& report, UtcTime now) {
  if (report.rows == 0) return {};
  return store.audit_log().append({.at = now,
                                   .actor = operator_name(),
                                   .origin = "cli",
                                   .action = "runs_pruned",
                                   .after = prune_sum(report)});
}

}  // namespace

ExitCode audit_command(const CommonOptions& common, const AuditOptionsGiven& given) {
  const bool is_known = given.action == "list" || given.action == "verify" || given.action == "export";
  if (!is_known) {
    return Error{ErrorKind::usage, fmt::format("`sluice audit` has no \"{}\"", printable(given.action, 64)),
                 "One of list, verify, export."};
  }
  if (!given.head.empty() && given.action != "verify") {
    return Error{ErrorKind::usage, "--head is what the audit is verified against",
                 "It belongs to `sluice audit verify`."};
  }
  const Result<std::unique_ptr<StoreReader>> store = open_to_look(common);
  if (store.has_error()) return store.error();
  if (given.action == "verify") return verify_audit(**store, given, common.wants_json());
  return show_audit(**store, given.action == "export" || common.wants_json());
}

namespace {

Result<std::string> prune_here(const std::string& path, const KeepRules& rules, bool is_dry_run) {
  const Result<std::unique_ptr<Store>> store = open_existing_and_recover(path);
  if (store.has_error()) return store.error();
  const UtcTime now = system_now();
  if (is_dry_run) {
    Result<std::vector<PrunableRun>> runs = runs_to_prune(**store, rules, now);
    if (runs.has_error()) return runs.error();
    return prune_json({.runs = std::move(*runs)}, true);
  }
  const Result<PruneReport> pruned = prune(**store, rules, now, [] { return true; });
  if (pruned.has_error()) return pruned.error();
  if (const Result<void> noted = note_pruned(**store, *pruned, now); noted.has_error()) return noted.error();
  return prune_json(*pruned, false);
}

Result<std::string> prune_by_daemon(const std::string& path, const PruneOptionsGiven& given) {
  boost::json::object body{{"dry_run", given.is_dry_run}};
  if (given.older_than) body["older_than"] = exact_duration_text(*given.older_than);
  return post_to_daemon(path, "/api/v1/store:prune", body);
}

}  // namespace

ExitCode prune_command(const CommonOptions& common, const PruneOptionsGiven& given) {
  const Environment environment = process_environment();
  const Result<Config> config = load_config(common, environment);
  if (config.has_error()) return config.error();
  const std::string path = store_path(common, environment, *config);
  KeepRules rules = config->keep;
  if (given.older_than) rules.runs_for = std::chrono::duration_cast<std::chrono::seconds>(*given.older_than);
  const Result<std::string> document =
      is_served_by_daemon(path) ? prune_by_daemon(path, given) : prune_here(path, rules, given.is_dry_run);
  if (document.has_error()) return document.error();
  if (common.wants_json()) {
    fmt::print("{}", *document);
    return exit_codes::all_accepted;
  }
  const Result<std::string> text = prune_text(*document);
  if (text.has_error()) return text.error();
  fmt::print("{}", *text);
  return exit_codes::all_accepted;
}

}  // namespace sluice
