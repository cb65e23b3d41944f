// SPDX-License-Identifier: MIT
// The audit: appended to, and read.
#include "store/audit_chain.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace sluice {
namespace queries {

void for_each_audit_row(Connection& connection, std::int64_t after, const AuditVisitor& visit) {
  // The smallest number itself is behind nothing.
  Statement row = after == before_every_row
                      ? connection.query(
                            "SELECT id, at_us, actor, origin, action, target, before, after, reason, hash"
                            " FROM audit ORDER BY id")
                      : connection.query(
                            "SELECT id, at_us, actor, origin, action, target, before, after, reason, hash"
                            " FROM audit WHERE id > ?1 ORDER BY id",
                            after);
  while (row.next()) {
    const AuditRow found{.id = row.integer(0),
                         .entry = {.at = row.time(1),
                                   .actor = row.string(2),
                                   .origin = row.string(3),
                                   .action = row.string(4),
                                   .target = row.string(5),
                                   .before = row.string(6),
                                   .after = row.string(7),
                                   .reason = row.string(8)},
                         .hash = row.string(9)};
    if (!visit(found)) return;
  }
}

}  // namespace queries

Result<void> SqliteStore::append(const AuditEntry& entry) {
  return write([&] { record_audit(entry); });
}

void SqliteStore::record_audit(const AuditEntry& entry) {
  AuditHead head{.id = 0, .hash = std::string{audit_origin_hash}};
  {
    Statement newest = db_.query("SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1");
    if (newest.next()) head = {newest.integer(0), newest.string(1)};
  }
  db_.run(
      "INSERT INTO audit (id, at_us, actor, origin, action, target, before, after, reason, hash)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
      head.id + 1, entry.at, entry.actor, entry.origin, entry.action, entry.target, entry.before, entry.after,
      entry.reason, audit_hash(head.hash, head.id + 1, entry));
  mark_request_with_order(head.id + 1);
}

void SqliteStore::record_order(UtcTime at, std::string_view actor, std::string_view action,
                               std::string target, std::string before, std::string after,
                               std::string reason) {
  if (actor.empty()) return;  // what the program finds out by itself is an event, and no order
  record_audit({.at = at,
                .actor = std::string{actor},
                .origin = source_.place,
                .action = std::string{action},
                .target = std::move(target),
                .before = std::move(before),
                .after = std::move(after),
                .reason = std::move(reason)});
}

}  // namespace sluice
