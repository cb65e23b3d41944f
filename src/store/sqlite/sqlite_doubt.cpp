// SPDX-License-Identifier: MIT
// Resolving doubt: an operator's word on chunks of which nobody can say whether they were executed.
#include <fmt/format.h>

#include "sluice/core/mutation.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace sluice {

/// A chunk in doubt, as far as deciding about it goes.
struct SqliteStore::Doubt {
  ChunkId chunk;
  int devices = 0;
};

std::vector<SqliteStore::Doubt> SqliteStore::doubts_meant(const DoubtDecision& decision) {
  std::vector<Doubt> meant;
  if (decision.chunks.empty()) {
    Statement row = db_.query(
        "SELECT id, devices FROM chunks INDEXED BY chunks_in_doubt"
        " WHERE run = ?1 AND state = 'in_doubt' ORDER BY position",
        decision.run);
    while (row.next()) meant.push_back({ChunkId{row.integer(0)}, row.small_integer(1)});
    return meant;
  }
  for (const ChunkId chunk : decision.chunks) {
    Statement row = db_.query("SELECT devices FROM chunks WHERE id = ?1 AND run = ?2 AND state = 'in_doubt'",
                              chunk, decision.run);
    if (!row.next()) {
      fail(ErrorKind::refused,
           fmt::format("chunk {} is none of those of run {} that are in doubt", chunk.value,
                       decision.run.value),
           fmt::format("See which ones are: sluice doubt list {}", decision.run.value));
    }
    meant.push_back({chunk, row.small_integer(0)});
  }
  return meant;
}

// A retry may have taken the very devices that are in doubt here, and then they would be sent to by both.
void SqliteStore::refuse_if_retried(RunId run) {
  Statement row = db_.query(
      "SELECT id FROM runs WHERE parent = ?1 AND purpose <> 'undo' AND sealed = 1 ORDER BY id DESC LIMIT 1",
      run);
  if (!row.next()) return;
  fail(ErrorKind::refused,
       fmt::format("run {} has taken over devices of run {}, and may send to those in doubt as well",
                   row.integer(0), run.value),
       fmt::format("For those that it has not: sluice retry {} --in-doubt", run.value));
}

Result<DoubtResolved> SqliteStore::resolve_doubt(const DoubtDecision& decision) {
  return write([&] {
    queries::require_run(db_, decision.run);
    const std::optional<RunRecord> run = queries::run(db_, decision.run);
    if (decision.verdict == DoubtVerdict::resend) refuse_if_retried(decision.run);
    const std::vector<Doubt> meant = doubts_meant(decision);
    DoubtResolved resolved;
    for (const Doubt& doubt : meant) {
      ++resolved.chunks;
      resolved.devices += doubt.devices;
    }
    const Result<void> checked =
        check_verdict(decision.verdict, {.run = decision.run,
                                         .control = run->control,
                                         .devices = resolved.devices,
                                         .expected_devices = decision.expected_devices});
    if (checked.has_error()) throw StoreFailure{checked.error()};

    CounterChange change;
    const Transition next = resolve(decision.verdict, decision.now);
    for (const Doubt& doubt : meant) {
      apply(decision, doubt);
      change.leave(ChunkState::in_doubt, Evidence::none, doubt.devices);
      change.enter(next.state, next.evidence, doubt.devices);
    }
    change_counters(decision.run, change);
    if (!is_final(next.state)) {
      db_.run("UPDATE runs SET finished_at_us = NULL WHERE id = ?1", decision.run);
      // A stage of which something is to be sent again has not come to its end.
      if (!is_seeded(Mutation::resent_not_awaited)) {
        db_.run(
            "UPDATE stages SET settled_at_us = NULL WHERE run = ?1 AND number IN"
            " (SELECT stage FROM chunks WHERE run = ?1 AND state = 'pending')",
            decision.run);
      }
    }
    const std::string_view what =
        decision.verdict == DoubtVerdict::accept ? "doubt_accepted" : "doubt_resent";
    record_event(decision.now, decision.run, std::nullopt, what, decision.reason, decision.actor);
    record_order(decision.now, decision.actor, what, in_words(decision.run), "in doubt",
                 fmt::format("{} chunks, {} devices", resolved.chunks, resolved.devices), decision.reason);
    return resolved;
  });
}

// The decision is on record before it is carried out. That some attempt may have been executed stays known: a
// refusal of what is sent now says nothing of that one. Attempts and crashes are counted anew, for a resend.
void SqliteStore::apply(const DoubtDecision& decision, const Doubt& doubt) {
  db_.run(
      "INSERT INTO doubt_decisions (at_us, run, chunk, decision, actor, reason)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
      decision.now, decision.run, doubt.chunk, to_string(decision.verdict), decision.actor, decision.reason);
  const Transition next = resolve(decision.verdict, decision.now);
  const int changed = db_.run(
      "UPDATE chunks SET state = ?2, evidence = ?3, due_at_us = ?4, attempts_spent = 0, crashes = 0,"
      "                  held = '', replay = 0, unclear = 1"
      " WHERE id = ?1 AND state = 'in_doubt'",
      doubt.chunk, next.state, next.evidence, next.due_at);
  if (changed != 1) {
    fail(ErrorKind::refused, fmt::format("chunk {} changed meanwhile", doubt.chunk.value));
  }
}

}  // namespace sluice
