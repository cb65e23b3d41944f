// SPDX-License-Identifier: MIT
#include "store/sqlite/store_identity.hpp"

namespace sluice {

std::string identity_of(Connection& connection) {
  const bool has_table =
      connection.query("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'store_identity'").next();
  if (!has_table) return {};
  Statement row = connection.query("SELECT id FROM store_identity");
  return row.next() ? row.string(0) : std::string{};
}

std::string fresh_identity(Connection& connection) {
  Statement row = connection.query("SELECT lower(hex(randomblob(16)))");
  row.next();
  return row.string(0);
}

}  // namespace sluice
