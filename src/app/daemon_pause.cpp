// SPDX-License-Identifier: MIT
#include "app/daemon_pause.hpp"

#include <optional>

#include "sluice/store/pages.hpp"

namespace sluice {
namespace {

constexpr std::string_view beginning = "daemon: ";

}  // namespace

bool is_daemon_pause(std::string_view paused_reason) { return paused_reason.starts_with(beginning); }

Result<void> set_daemon_pause(Store& store, const std::string& tenant, const std::string& why, UtcTime now) {
  const Result<std::optional<TenantRow>> row = store.pages().tenant(tenant);
  if (row.has_error()) return row.error();
  const std::string before = *row ? (*row)->paused_reason : std::string{};
  if (!before.empty() && !is_daemon_pause(before)) return {};
  const std::string after = why.empty() ? std::string{} : std::string{beginning} + why;
  if (after == before) return {};
  return store.set_tenant_pause(tenant, after, now);
}

}  // namespace sluice
