// SPDX-License-Identifier: MIT
#include "app/version_report.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <boost/version.hpp>

#include "http_api/json_text.hpp"
#include "sluice/store/sqlite_library.hpp"

namespace sluice {
namespace {

std::string boost_version() {
  return fmt::format("{}.{}.{}", BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100);
}

}  // namespace

std::string version_line() { return "sluice " SLUICE_VERSION; }

std::string version_text() {
  const int sqlite = loaded_sqlite();
  const std::string_view note =
      has_wal_reset_bug(sqlite)
          ? " (has the WAL-reset bug, which needs two connections that write: sluice has one)"
          : "";
  return fmt::format("{}\nSQLite {}{}\n{}\nBoost {}\n", version_line(), sqlite_version_text(sqlite), note,
                     OpenSSL_version(OPENSSL_VERSION), boost_version());
}

std::string versions_line() {
  return fmt::format("{}, SQLite {}, OpenSSL {}, Boost {}", version_line(),
                     sqlite_version_text(loaded_sqlite()), OpenSSL_version(OPENSSL_VERSION_STRING),
                     boost_version());
}

std::string version_json() {
  JsonText json;
  json.begin_object().member("schema_version", json_schema_version).member("sluice", SLUICE_VERSION);
  json.member("sqlite", sqlite_version_text(loaded_sqlite()));
  json.member("sqlite_has_wal_reset_bug", has_wal_reset_bug(loaded_sqlite()))
      .member("openssl", OpenSSL_version(OPENSSL_VERSION));
  json.member("boost", boost_version()).end_object().end_document();
  return json.take();
}

}  // namespace sluice
