// SPDX-License-Identifier: MIT
// Conformance suite: who did what is on record with what was done, and no edit of it goes unseen.
#include <doctest/doctest.h>
#include <sqlite3.h>

#include <array>
#include <string>
#include <vector>

#include "sluice/store/audit_log.hpp"
#include "store/audit_chain.hpp"
#include "store/store_engines.hpp"
#include "store/store_fixture.hpp"

using namespace sluice;
using namespace sluice::store_tests;

namespace {

std::vector<AuditRow> audit_of(StoreReader& store, std::int64_t after = 0) {
  std::vector<AuditRow> rows;
  expect(store.audit_reader().for_each_audit_row(after, [&](const AuditRow& row) {
    rows.push_back(row);
    return true;
  }));
  return rows;
}

std::optional<std::string> fault_in(const std::vector<AuditRow>& rows, std::optional<AuditHead> kept = {}) {
  AuditCheck check{std::move(kept)};
  for (const AuditRow& row : rows) {
    if (!check.take(row)) break;
  }
  return check.fault();
}

AuditEntry entry(const std::string& action, const std::string& reason = "") {
  return {.at = noon,
          .actor = "alice",
          .origin = "cli",
          .action = action,
          .target = "run 7",
          .before = "active",
          .after = "paused",
          .reason = reason};
}

std::vector<AuditRow> chain_of(const std::vector<AuditEntry>& entries) {
  std::vector<AuditRow> rows;
  std::string hash{audit_origin_hash};
  for (const AuditEntry& one : entries) {
    const std::int64_t id = static_cast<std::int64_t>(rows.size()) + 1;
    hash = audit_hash(hash, id, one);
    rows.push_back({id, one, hash});
  }
  return rows;
}

/// Past the program, and past its triggers.
void edit(const std::string& file, const std::string& script) {
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open(file.c_str(), &db) == SQLITE_OK);
  const std::string all = "DROP TRIGGER audit_keep; DROP TRIGGER audit_stay;" + script;
  REQUIRE(sqlite3_exec(db, all.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(db);
}

struct Column {
  std::string name;
  std::string edited;  ///< one bit of its content turned, as SQL
};

}  // namespace

TEST_CASE("audit: a row's hash is SHA-256 over the hash before and each part with its length") {
  // Python's hashlib over: 64:00…001:116:18000000000000005:alice3:cli10:run_paused5:run 76:active6:paused0:
  CHECK(audit_hash(audit_origin_hash, 1, entry("run_paused")) ==
        "15c62eba1a2207e725db8f27aacd18631954bfda895709f7a0870d995573518d");
}

TEST_CASE("audit: no edit, gap, swap or cut inside the chain goes unseen") {
  const std::vector<AuditRow> whole = chain_of({entry("a"), entry("b"), entry("c"), entry("d")});
  REQUIRE_FALSE(fault_in(whole));

  std::vector<AuditRow> rows = whole;
  rows.erase(rows.begin() + 1);
  CHECK(fault_in(rows) == "row 2 is missing: row 3 comes after row 1");
  rows = whole;
  rows.erase(rows.begin());
  CHECK(fault_in(rows) == "row 1 is missing: row 2 comes after row 0");
  rows = whole;
  std::swap(rows[1].entry, rows[2].entry);
  CHECK(fault_in(rows) == "row 2 is not what was written, or it stood elsewhere");
  rows = whole;
  rows[2].entry.actor.swap(rows[2].entry.reason);
  CHECK(fault_in(rows) == "row 3 is not what was written, or it stood elsewhere");
  rows = whole;
  rows[1].entry.before += rows[1].entry.after;
  rows[1].entry.after.clear();
  CHECK(fault_in(rows) == "row 2 is not what was written, or it stood elsewhere");
}

TEST_CASE("audit: a cut end and a chain written anew are seen by a head that was kept elsewhere") {
  const std::vector<AuditRow> whole = chain_of({entry("a"), entry("b"), entry("c")});
  const AuditHead kept{3, whole[2].hash};
  const std::vector<AuditRow> cut{whole[0], whole[1]};
  const std::vector<AuditRow> anew = chain_of({entry("a"), entry("b"), entry("something else"), entry("d")});

  CHECK_FALSE(fault_in(whole, kept));
  CHECK_FALSE(fault_in(cut));  // nothing inside the chain tells
  CHECK(fault_in(cut, kept) ==
        "the end is missing: there were 3 rows when the head was kept, and there are 2");
  CHECK(fault_in(anew, kept) == "row 3 is another than when its head was kept");
}

TEST_CASE("audit: a head is read back as it was shown, and nothing else is one") {
  const AuditHead head{12, std::string(64, 'a')};

  CHECK(audit_head_from(to_string(head)) == head);
  for (const std::string& text :
       std::vector<std::string>{"", "12", "12:abc", ":" + std::string(64, 'a'), "-1:" + std::string(64, 'a'),
                                "1 :" + std::string(64, 'a'), "1:" + std::string(64, 'G')}) {
    CAPTURE(text);
    CHECK_FALSE(audit_head_from(text));
  }
}

TEST_CASE_TEMPLATE("store: what a person orders is on the audit in the same transaction", Home,
                   SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = submit(*store, {100});

  expect(store->begin());
  expect(store->set_run_control(
      {.run = run, .control = RunControl::paused, .reason = "site 12", .actor = "alice", .now = noon + 1s}));
  store->abandon();
  CHECK(audit_of(*store).empty());
  {
    const OrderOrigin origin{store->audit_log(), {"192.0.2.7"}};
    expect(store->set_run_control({.run = run,
                                   .control = RunControl::paused,
                                   .reason = "site 12",
                                   .actor = "alice",
                                   .now = noon + 1s}));
  }
  expect(store->set_rate(
      {.tenant = "prod", .rate = 5, .until = noon + 3600s, .actor = "bob", .now = noon + 2s}));

  const std::vector<AuditRow> rows = audit_of(*store);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].entry == AuditEntry{.at = noon + 1s,
                                    .actor = "alice",
                                    .origin = "192.0.2.7",
                                    .action = "run_paused",
                                    .target = "run 1",
                                    .before = "active",
                                    .after = "paused",
                                    .reason = "site 12"});
  CHECK(rows[1].entry.action == "rate_set");
  CHECK(rows[1].entry.origin == "cli");
  CHECK(rows[1].entry.after == "5 requests a second until 2027-01-15T09:00:00Z");
  CHECK_FALSE(fault_in(rows));
  CHECK(audit_of(*store, 1) == std::vector<AuditRow>{rows[1]});
}

TEST_CASE_TEMPLATE("store: what the program finds out by itself is no order", Home, SLUICE_STORE_HOMES) {
  const Home home;
  const auto store = expect(home.open(noon));
  const RunId run = submit(*store, {100});

  expect(store->set_run_control({.run = run,
                                 .control = RunControl::paused,
                                 .cause = ControlCause::threshold,
                                 .reason = "many",
                                 .now = noon}));
  CHECK(kind_of(store->set_run_control(
            {.run = RunId{99}, .control = RunControl::paused, .actor = "alice"})) == ErrorKind::not_found);

  CHECK(audit_of(*store).empty());
}

TEST_CASE_TEMPLATE("store: one bit turned in any column of the audit is seen", Home, SLUICE_STORE_HOMES) {
  const auto turned = [](const std::string& name) {
    // x + 1 - 2 * (x & 1) turns the lowest bit.
    return "char(unicode(" + name + ") + 1 - 2 * (unicode(" + name + ") & 1)) || substr(" + name + ", 2)";
  };
  std::vector<Column> columns{{"at_us", "at_us + 1 - 2 * (at_us & 1)"}, {"id", "id + 8"}};
  for (const char* name : {"actor", "origin", "action", "target", "before", "after", "reason", "hash"}) {
    columns.push_back({name, turned(name)});
  }
  for (const Column& column : columns) {
    CAPTURE(column.name);
    const Home home;
    {
      const auto store = expect(home.open(noon));
      for (const char* action : {"a", "b", "c"}) expect(store->audit_log().append(entry(action, "because")));
      REQUIRE_FALSE(fault_in(audit_of(*store)));
    }
    edit(home.path(), "UPDATE audit SET " + column.name + " = " + column.edited + " WHERE id = 2;");
    const auto reader = expect(home.open_reader());

    CHECK(fault_in(audit_of(*reader)).has_value());
  }
}

TEST_CASE_TEMPLATE("store: a row that is put before the first one of the audit is seen", Home,
                   SLUICE_STORE_HOMES) {
  for (const std::string id : {"0", "-1", "-9223372036854775808"}) {
    CAPTURE(id);
    const Home home;
    {
      const auto store = expect(home.open(noon));
      for (const char* action : {"a", "b"}) expect(store->audit_log().append(entry(action)));
    }
    edit(home.path(), "INSERT INTO audit SELECT " + id +
                          ", at_us, actor, origin, action, target, before, after, reason, hash"
                          " FROM audit WHERE id = 1;");
    const auto reader = expect(home.open_reader());

    CHECK(fault_in(audit_of(*reader, before_every_row)) == "row " + id + " was put before the first one");
  }
}
