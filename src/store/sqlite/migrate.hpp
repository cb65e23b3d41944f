// SPDX-License-Identifier: MIT
// Brings the schema to the version of this program, or says why it will not touch the file.
#pragma once

#include <span>

#include "sluice/core/time.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/migrations.hpp"

namespace sluice {

/// "slui": marks a file as ours, in SQLite's header.
inline constexpr int store_application_id = 0x736C7569;

enum class SchemaState {
  empty,    ///< a fresh file
  older,    ///< ours, some migrations are missing
  current,  ///< ours and up to date
};

/// Only reads. Throws a StoreFailure: `refused` for another program's database, for a schema that is newer
/// than `migrations`, and for one made by migrations that read otherwise; `storage` for what is no database.
SchemaState examine_schema(Connection& connection, std::span<const Migration> migrations);

/// Applies what is missing, each migration in one transaction together with its row in schema_migrations.
void migrate(Connection& connection, std::span<const Migration> migrations, UtcTime now);

}  // namespace sluice
