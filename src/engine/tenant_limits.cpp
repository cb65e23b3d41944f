// SPDX-License-Identifier: MIT
#include "sluice/engine/tenant_limits.hpp"

#include <fmt/format.h>

#include <chrono>

#include "sluice/core/run_rules.hpp"
#include "sluice/jobfile/device_name.hpp"
#include "sluice/store/pages.hpp"

namespace sluice {
namespace {

constexpr std::chrono::hours day{24};

/// Of the tenant's runs since then.
Result<std::int64_t> devices_since(StoreReader& store, const std::string& tenant, UtcTime since) {
  std::int64_t devices = 0;
  RunsWanted wanted{.tenant = tenant};
  while (true) {
    const Result<Page<RunRecord, RunId>> page = store.pages().runs_page(wanted);
    if (page.has_error()) return page.error();
    for (const RunRecord& run : page->rows) {
      // Newest first. A wall clock that was set back hides none: it is one run too early that ends the look.
      if (run.created_at <= since) return devices;
      devices += total(run.devices);
    }
    if (!page->next) return devices;
    wanted.after = page->next;
  }
}

}  // namespace

Result<void> check_limits(StoreReader& store, const std::string& tenant, const TenantLimits& limits,
                          std::int64_t devices, UtcTime now) {
  if (limits.devices_per_run_max && devices > *limits.devices_per_run_max) {
    return Error{
        ErrorKind::refused,
        fmt::format("the run would reach {} devices, and one of tenant \"{}\" may reach {}", devices,
                    printable(tenant, 64), *limits.devices_per_run_max),
        "Nothing was queued. Split the list, or change \"devices_per_run_max\" in the configuration."};
  }
  if (!limits.devices_per_day_max) return {};
  const Result<std::int64_t> before = devices_since(store, tenant, now - day);
  if (before.has_error()) return before.error();
  if (*before + devices <= *limits.devices_per_day_max) return {};
  return Error{
      ErrorKind::refused,
      fmt::format(
          "the run would reach {} devices, the runs of the last 24 hours have {}, and together those of "
          "tenant \"{}\" may have {}",
          devices, *before, printable(tenant, 64), *limits.devices_per_day_max),
      "Nothing was queued. Wait, or change \"devices_per_day_max\" in the configuration."};
}

}  // namespace sluice
