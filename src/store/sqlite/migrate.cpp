// SPDX-License-Identifier: MIT
#include "store/sqlite/migrate.hpp"

#include <fmt/format.h>

#include "sluice/core/kill_point.hpp"
#include "store/sha256.hpp"
#include "store/sqlite/store_failure.hpp"

namespace sluice {
namespace {

std::string checksum_of(std::string_view text) {
  std::string hex = sha256_hex(text);
  if (hex.empty()) {
    fail(ErrorKind::unexpected, "SHA-256 is not available", "Check the OpenSSL installation.");
  }
  return hex;
}

bool has_any_table(Connection& connection) {
  return connection.query("SELECT 1 FROM sqlite_schema LIMIT 1").next();
}

[[noreturn]] void refuse_foreign(const Connection& connection) {
  fail(ErrorKind::refused,
       fmt::format("{} is another program's database, not a sluice store", connection.path()),
       "Choose another file with --store PATH.");
}

/// @return how many migrations the database has
std::size_t check_applied(Connection& connection, std::span<const Migration> migrations) {
  const int newest_known = migrations.back().number;
  Statement newest = connection.query("SELECT coalesce(max(number), 0) FROM schema_migrations");
  newest.next();
  if (newest.integer(0) > newest_known) {
    fail(ErrorKind::refused,
         fmt::format("store {} has schema version {}, this program knows versions up to {}",
                     connection.path(), newest.integer(0), newest_known),
         "Use the newer sluice that wrote it, or choose another file with --store PATH.");
  }

  std::size_t applied = 0;
  Statement row = connection.query("SELECT number, checksum FROM schema_migrations ORDER BY number");
  while (row.next()) {
    const Migration& known = migrations[applied];
    if (row.integer(0) != known.number || row.text(1) != checksum_of(known.text)) {
      fail(ErrorKind::refused,
           fmt::format("store {}: migration {} was not made by this program's text of it", connection.path(),
                       row.integer(0)),
           "The store comes from another build of sluice. Use that build, or choose another file with "
           "--store PATH.");
    }
    ++applied;
  }
  return applied;
}

void apply(Connection& connection, const Migration& migration, UtcTime now) {
  Transaction transaction{connection, Transaction::Kind::whole};
  connection.execute(migration.text, fmt::format("apply migration {}", migration.name));
  connection.run(
      "INSERT INTO schema_migrations (number, name, checksum, applied_at_us) VALUES (?1, ?2, ?3, ?4)",
      migration.number, migration.name, checksum_of(migration.text), now);
  // In the header of the file, so it is written with the transaction.
  connection.execute(fmt::format("PRAGMA application_id = {}", store_application_id).c_str(),
                     "mark the file");
  reach(KillPoint::migrate_step);
  transaction.commit();
  reach(KillPoint::migrate_step);
}

}  // namespace

SchemaState examine_schema(Connection& connection, std::span<const Migration> migrations) {
  const std::string application_id = connection.pragma("PRAGMA application_id");
  if (!has_any_table(connection)) {
    if (application_id != "0") refuse_foreign(connection);
    return SchemaState::empty;
  }
  if (application_id != std::to_string(store_application_id)) refuse_foreign(connection);
  return check_applied(connection, migrations) == migrations.size() ? SchemaState::current
                                                                    : SchemaState::older;
}

void migrate(Connection& connection, std::span<const Migration> migrations, UtcTime now) {
  const SchemaState state = examine_schema(connection, migrations);
  const std::size_t applied = state == SchemaState::empty ? 0 : check_applied(connection, migrations);
  for (const Migration& migration : migrations.subspan(applied)) apply(connection, migration, now);
}

}  // namespace sluice
