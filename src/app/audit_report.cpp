// SPDX-License-Identifier: MIT
#include "app/audit_report.hpp"

#include <fmt/format.h>

#include "http_api/json_text.hpp"
#include "sluice/jobfile/device_name.hpp"
#include "store/audit_chain.hpp"

namespace sluice {

std::string audit_row_text(const AuditRow& row) {
  const AuditEntry& entry = row.entry;
  std::string line = fmt::format("{:>6}  {}  {} ({})  {}", row.id, to_rfc3339(entry.at),
                                 printable(entry.actor), printable(entry.origin), printable(entry.action));
  if (!entry.target.empty()) line += "  " + printable(entry.target);
  if (!entry.before.empty() || !entry.after.empty()) {
    line += fmt::format("  {} → {}", entry.before.empty() ? "-" : printable(entry.before),
                        printable(entry.after));
  }
  if (!entry.reason.empty()) line += "  " + printable(entry.reason);
  return line + "\n";
}

std::string audit_row_json(const AuditRow& row) {
  const AuditEntry& entry = row.entry;
  JsonText json;
  json.begin_object().member("id", row.id).member("at", to_rfc3339(entry.at));
  json.member("at_us", to_microseconds(entry.at)).member("actor", entry.actor);  // what the hash covers
  json.member("origin", entry.origin).member("action", entry.action).member("target", entry.target);
  json.member("before", entry.before).member("after", entry.after).member("reason", entry.reason);
  json.member("hash", row.hash).end_object().end_document();
  return json.take();
}

std::string audit_verified_text(const AuditHead& head) {
  return fmt::format(
      "{} rows, and each is as it was written.\nhead {}\n"
      "Keep the head elsewhere: with --head it shows later that nothing was cut off since.\n",
      head.id, to_string(head));
}

std::string audit_verified_json(const AuditHead& head) {
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version).member("rows", head.id);
  json.member("head", to_string(head)).end_object().end_document();
  return json.take();
}

}  // namespace sluice
