// SPDX-License-Identifier: MIT
// Tenants with what they have to do, and the job files of the daemon's folder.
#include "store/sqlite/page_queries.hpp"
#include "store/sqlite/queries.hpp"

namespace sluice::queries {
namespace {

TenantRow tenant_of(Connection& connection, const Statement& row) {
  TenantRow tenant;
  tenant.name = row.string(0);
  tenant.paused_reason = row.string(1);
  tenant.silent_until = row.time(2);
  tenant.ordered = rate_order(connection, tenant.name);
  Statement sums = connection.query(
      "SELECT count(*), coalesce(sum(devices_pending + devices_in_flight), 0),"
      "       coalesce(sum(devices_failed), 0)"
      "  FROM runs INDEXED BY runs_unfinished"
      " WHERE tenant = ?1 AND sealed = 1 AND finished_at_us IS NULL",
      tenant.name);
  if (sums.next()) {
    tenant.unfinished_runs = sums.integer(0);
    tenant.unfinished_devices = sums.integer(1);
    tenant.failed_devices = sums.integer(2);
  }
  return tenant;
}

JobFileRow job_file_of(const Statement& row) {
  JobFileRow file;
  file.name = row.string(0);
  file.state = row.string(1);
  file.revision = row.integer(2);
  file.digest = row.string(3);
  file.error = row.string(4);
  file.seen_at = row.time(5);
  if (!row.is_null(6)) file.run = RunId{row.integer(6)};
  file.schedule = row.string(7);
  return file;
}

/// Rows that have names to go by; one more than there is room for tells that there is a next page.
template <class Row, class Make>
Page<Row, std::string> page_by_name(Statement&& row, std::size_t limit, const Make& make) {
  Page<Row, std::string> page;
  while (row.next()) {
    if (page.rows.size() == limit) {
      page.next = page.rows.back().name;
      return page;
    }
    page.rows.push_back(make(row));
  }
  return page;
}

}  // namespace

Page<TenantRow, std::string> tenants_page(Connection& connection, const TenantsWanted& wanted) {
  const std::size_t limit = rows_of(wanted.limit);
  return page_by_name<TenantRow>(
      connection.query("SELECT name, paused_reason, silent_until_us FROM tenants"
                       " WHERE name > ?1 ORDER BY name LIMIT ?2",
                       wanted.after.value_or(""), static_cast<std::int64_t>(limit + 1)),
      limit, [&](const Statement& row) { return tenant_of(connection, row); });
}

std::optional<TenantRow> tenant(Connection& connection, const std::string& name) {
  Statement row =
      connection.query("SELECT name, paused_reason, silent_until_us FROM tenants WHERE name = ?1", name);
  if (!row.next()) return std::nullopt;
  return tenant_of(connection, row);
}

Page<JobFileRow, std::string> job_files_page(Connection& connection, const JobFilesWanted& wanted) {
  const std::size_t limit = rows_of(wanted.limit);
  return page_by_name<JobFileRow>(
      connection.query("SELECT job_files.name, job_files.state, job_files.revision, job_files.digest,"
                       "       job_files.error, job_files.seen_at_us, job_files.run,"
                       "       coalesce(schedules.name, '')"
                       "  FROM job_files LEFT JOIN schedules ON schedules.id = job_files.schedule"
                       " WHERE job_files.name > ?1 ORDER BY job_files.name LIMIT ?2",
                       wanted.after.value_or(""), static_cast<std::int64_t>(limit + 1)),
      limit, job_file_of);
}

}  // namespace sluice::queries
