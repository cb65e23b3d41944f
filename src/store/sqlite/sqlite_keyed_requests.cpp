// SPDX-License-Identifier: MIT
// Requests that came with a key, and what came of them.
#include <fmt/format.h>

#include "store/sqlite/sqlite_store.hpp"

namespace sluice {
namespace {

std::optional<RunId> run_in(const Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return RunId{row.integer(column)};
}

}  // namespace

Result<RequestState> SqliteStore::take_request(const KeyedRequest& request, UtcTime now,
                                               UtcTime forget_before) {
  return write([&]() -> RequestState {
    // Not what this process is carrying out, however far somebody has set the clock meanwhile.
    db_.run(
        "DELETE FROM keyed_requests"
        " WHERE client = ?1 AND key = ?2 AND begun_at_us < ?3 AND owner IS NOT ?4",
        request.client, request.key, forget_before, owner_);
    if (std::optional<RequestState> known = state_of_known(request)) return *std::move(known);
    // What a dead process had begun, and had not carried out, is begun anew.
    Statement row = db_.query(
        "INSERT INTO keyed_requests (client, key, digest, begun_at_us, owner) VALUES (?1, ?2, ?3, ?4, ?5)"
        " ON CONFLICT (client, key) DO UPDATE SET owner = excluded.owner RETURNING id",
        request.client, request.key, request.digest, now, owner_);
    row.next();
    return RequestTaken{row.integer(0)};
  });
}

/// Absent: it is to be carried out.
std::optional<RequestState> SqliteStore::state_of_known(const KeyedRequest& request) {
  Statement row = db_.query(
      "SELECT digest, status, location, body, owner IS ?3, run, audit.id, audit.action, audit.target,"
      "       keyed_requests.id"
      "  FROM keyed_requests LEFT JOIN audit ON audit.id = keyed_requests.audit"
      " WHERE client = ?1 AND key = ?2",
      request.client, request.key, owner_);
  if (!row.next()) return std::nullopt;
  if (row.text(0) != request.digest) return KeyOfAnother{};
  if (!row.is_null(1)) {
    return KeptAnswer{.status = row.small_integer(1), .location = row.string(2), .body = row.string(3)};
  }
  if (row.integer(4) == 1) return RequestUnderWay{row.integer(9)};
  if (row.is_null(6)) return std::nullopt;
  return AnswerLost{
      .audit = row.integer(6), .action = row.string(7), .target = row.string(8), .run = run_in(row, 5)};
}

Result<void> SqliteStore::keep_answer(std::int64_t number, const KeptAnswer& answer) {
  return write([&] {
    const int changed = db_.run(
        "UPDATE keyed_requests SET owner = NULL, status = ?2, location = ?3, body = ?4"
        " WHERE id = ?1 AND status IS NULL AND owner = ?5",
        number, answer.status, answer.location, answer.body, owner_);
    if (changed != 1) fail(ErrorKind::refused, fmt::format("keyed request {} is not under way", number));
  });
}

Result<void> SqliteStore::leave_request(std::int64_t number) {
  return write([&] {
    db_.run("DELETE FROM keyed_requests WHERE id = ?1 AND audit IS NULL AND status IS NULL", number);
    db_.run("UPDATE keyed_requests SET owner = NULL WHERE id = ?1", number);
  });
}

Result<std::int64_t> SqliteStore::forget_requests(UtcTime before, std::int64_t limit) {
  return write([&] {
    return std::int64_t{
        db_.run("DELETE FROM keyed_requests WHERE id IN (SELECT id FROM keyed_requests"
                " WHERE begun_at_us < ?1 AND owner IS NOT ?3 ORDER BY begun_at_us LIMIT ?2)",
                before, limit, owner_)};
  });
}

void SqliteStore::mark_request_with_order(std::int64_t audit) {
  if (source_.request == 0) return;
  db_.run("UPDATE keyed_requests SET audit = ?2 WHERE id = ?1 AND audit IS NULL", source_.request, audit);
}

void SqliteStore::mark_request_with_run(RunId run) {
  if (source_.request == 0) return;
  db_.run("UPDATE keyed_requests SET run = ?2 WHERE id = ?1 AND run IS NULL", source_.request, run);
}

Result<void> SqliteStore::note_event(const ProcessEvent& event) {
  return write([&] { record_event(event.at, std::nullopt, std::nullopt, event.what, event.reason); });
}

}  // namespace sluice
