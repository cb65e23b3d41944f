// SPDX-License-Identifier: MIT
// Settle and recover: what came of an attempt, and what follows from it, in one transaction.
#include <fmt/format.h>

#include <algorithm>

#include "sluice/core/kill_point.hpp"
#include "sluice/core/mutation.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace sluice {

/// A chunk as it stands before its attempt is concluded.
struct SqliteStore::Flight {
  ChunkId chunk;
  RunId run;
  AttemptId attempt;
  ChunkState state = ChunkState::pending;
  std::int64_t owner = 0;
  std::int64_t position = 0;
  int devices = 0;
  bool unclear = false;  ///< an earlier attempt may have been executed
  bool run_canceled = false;
};

struct SqliteStore::Conclusion {
  const Outcome& outcome;
  Transition transition;
  std::string_view sent;  ///< the schema's word
  std::optional<UtcTime> sent_at;
  UtcTime settled_at;
};

namespace {

constexpr std::string_view not_sent = "not_sent";

/// What is on record for an attempt that a dead process left.
Outcome lost_outcome(const Transition& next) {
  if (next.held == Held::poison) {
    return {
        .kind = OutcomeKind::silent,
        .code = std::string{to_string(Held::poison)},
        .message = fmt::format("{} processes ended while they had this chunk in flight, so it is not sent "
                               "again without an operator's word",
                               poison_crashes)};
  }
  return {.kind = OutcomeKind::silent,
          .code = "process_lost",
          .message = "the process that had this request in flight ended before its result was recorded"};
}

std::string reason_of(const Outcome& outcome) {
  if (outcome.message.empty())
    return outcome.code.empty() ? std::string{to_string(outcome.kind)} : outcome.code;
  return outcome.code.empty() ? outcome.message : outcome.code + ": " + outcome.message;
}

/// For the mutations that make two transactions of one.
constexpr const char* two_transactions = "RELEASE verb; COMMIT; BEGIN IMMEDIATE; SAVEPOINT verb";

/// Where the text's n-th line ends.
std::size_t end_of_lines(std::string_view text, int lines) {
  std::size_t end = 0;
  for (; lines > 0; --lines) end = text.find('\n', end) + 1;
  return end;
}

}  // namespace

SqliteStore::Flight SqliteStore::flight_of(ChunkId chunk) {
  Statement row = db_.query(
      "SELECT chunks.run, chunks.attempt, chunks.state = 'in_flight', chunks.owner, chunks.position, "
      "chunks.devices,"
      "       chunks.unclear, runs.control = 'canceled'"
      "  FROM chunks JOIN runs ON runs.id = chunks.run WHERE chunks.id = ?1",
      chunk);
  if (!row.next()) fail(ErrorKind::refused, fmt::format("there is no chunk {}", chunk.value));
  Flight flight;
  flight.chunk = chunk;
  flight.run = RunId{row.integer(0)};
  flight.attempt = AttemptId{row.integer(1)};
  flight.state = row.integer(2) == 1 ? ChunkState::in_flight : ChunkState::pending;
  flight.owner = row.integer(3);
  flight.position = row.integer(4);
  flight.devices = row.small_integer(5);
  flight.unclear = row.integer(6) == 1;
  flight.run_canceled = row.integer(7) == 1;
  return flight;
}

Result<void> SqliteStore::settle(const Settlement& settlement) {
  return write([&] {
    const Flight flight = flight_of(settlement.chunk);
    const bool is_ours = flight.state == ChunkState::in_flight && flight.attempt == settlement.attempt &&
                         flight.owner == owner_;
    if (!is_ours && !is_seeded(Mutation::settle_unchecked)) {
      fail(ErrorKind::refused, fmt::format("chunk {} is not in flight under attempt {} of this process",
                                           settlement.chunk.value, settlement.attempt.value));
    }
    conclude(flight, {.outcome = settlement.outcome,
                      .transition = settlement.transition,
                      .sent = settlement.sent_at ? "sent" : not_sent,
                      .sent_at = settlement.sent_at,
                      .settled_at = settlement.settled_at});
  });
}

void SqliteStore::conclude(const Flight& flight, const Conclusion& conclusion) {
  const Outcome& outcome = conclusion.outcome;
  const bool unclear = flight.unclear || may_have_been_executed(outcome.kind);
  const Transition next =
      flight.run_canceled ? in_canceled_run(conclusion.transition, unclear) : conclusion.transition;
  if (next.state == ChunkState::in_flight || (next.state == ChunkState::split && flight.devices < 2)) {
    fail(ErrorKind::unexpected, fmt::format("a chunk of {} devices in flight cannot become {}",
                                            flight.devices, to_string(next.state)));
  }

  db_.run(
      "INSERT INTO attempt_results (attempt, sent, sent_at_us, settled_at_us, outcome, http_status, "
      "request_id, code,"
      "                             message)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
      flight.attempt, conclusion.sent, conclusion.sent_at, conclusion.settled_at, outcome.kind,
      outcome.http_status, outcome.request_id, outcome.code, outcome.message);
  reach(KillPoint::settle_inside);
  if (grouped_ && is_seeded(Mutation::half_settled)) db_.execute(two_transactions, "commit early");
  const int requests = conclusion.sent_at ? 1 : 0;
  const bool says_nothing = next.state == ChunkState::pending && conclusion.sent == not_sent;
  const int changed = db_.run(
      "UPDATE chunks SET state = ?4, evidence = ?5, due_at_us = ?6, attempts_spent = attempts_spent + ?7,"
      "                  requests = requests + ?8, replay = ?9, unclear = ?10,"
      // What did not go out says nothing of the devices, so it does not hide what an earlier attempt said.
      "                  last_result = CASE WHEN ?11 THEN coalesce(last_result, ?2) ELSE ?2 END, owner = NULL"
      " WHERE id = ?1 AND state = 'in_flight' AND attempt = ?2 AND owner = ?3",
      flight.chunk, flight.attempt, flight.owner, next.state, next.evidence, next.due_at,
      next.spends_attempt ? 1 : 0, requests, next.replay ? 1 : 0, unclear ? 1 : 0, says_nothing ? 1 : 0);
  if (changed != 1) fail(ErrorKind::refused, fmt::format("chunk {} changed meanwhile", flight.chunk.value));
  if (next.held != Held::no) {
    db_.run("UPDATE chunks SET held = ?2 WHERE id = ?1", flight.chunk, to_string(next.held));
  }

  if (grouped_ && is_seeded(Mutation::counters_apart)) db_.execute(two_transactions, "commit early");
  CounterChange change;
  change.leave(ChunkState::in_flight, Evidence::none, flight.devices);
  change.enter(next.state, next.evidence, flight.devices);
  change.requests = requests;
  change.throttled = outcome.kind == OutcomeKind::throttled ? 1 : 0;
  change_counters(flight.run, change);

  if (outcome.retry_after) note_silence(flight.run, conclusion.settled_at + *outcome.retry_after);
  if (next.state == ChunkState::split) split(flight, conclusion.settled_at);
  if (next.halt != Halt::none) halt(flight, conclusion);
  note_finish(flight.run, conclusion.settled_at);
}

void SqliteStore::note_silence(RunId run, UtcTime until) {
  db_.run(
      "UPDATE tenants SET silent_until_us = max(silent_until_us, ?2)"
      " WHERE name = (SELECT tenant FROM runs WHERE id = ?1)",
      run, until);
}

// The halves take the parent's place in the list and inherit what is known of its devices.
void SqliteStore::split(const Flight& flight, UtcTime now) {
  std::string names;
  {
    Statement row = db_.query("SELECT names FROM chunk_devices WHERE chunk = ?1", flight.chunk);
    row.next();
    names = row.string(0);
  }
  if (is_seeded(Mutation::split_loses_device)) names.erase(0, end_of_lines(names, 1));
  if (is_seeded(Mutation::split_doubles_device)) names.insert(0, names.substr(0, end_of_lines(names, 1)));
  const int first_half = (flight.devices + 1) / 2;
  const std::size_t cut = end_of_lines(names, first_half);
  const std::string_view all = names;

  struct Half {
    std::int64_t position;
    int devices;
    std::string_view names;
  };
  CounterChange change;
  for (const Half& half :
       {Half{flight.position, first_half, all.substr(0, cut)},
        Half{flight.position + first_half, flight.devices - first_half, all.substr(cut)}}) {
    const ChunkState state = flight.run_canceled
                                 ? cancel(ChunkState::pending, flight.unclear).value_or(ChunkState::in_doubt)
                                 : ChunkState::pending;
    db_.run(
        "INSERT INTO chunks (run, position, devices, parent, state, due_at_us, requests, unclear,"
        "                    last_result, stage, arguments)"
        " SELECT run, ?2, ?3, id, ?4, ?5, requests, unclear, last_result, stage, arguments"
        "   FROM chunks WHERE id = ?1",
        flight.chunk, half.position, half.devices, state, now);
    db_.run("INSERT INTO chunk_devices (chunk, names) VALUES (?1, ?2)", db_.last_insert_id(), half.names);
    change.enter(state, Evidence::none, half.devices);
  }
  change_counters(flight.run, change);
}

// Several chunks may be in flight when the first of them says stop: the first reason stays, and is noted
// once.
void SqliteStore::halt(const Flight& flight, const Conclusion& conclusion) {
  const std::string& own_words = conclusion.transition.halt_reason;
  const std::string reason = own_words.empty() ? reason_of(conclusion.outcome) : own_words;
  if (conclusion.transition.halt != Halt::tenant) {
    halt_run(flight.run, conclusion, reason);
    return;
  }
  std::string tenant;
  {
    Statement row = db_.query("SELECT tenant FROM runs WHERE id = ?1", flight.run);
    row.next();
    tenant = row.string(0);
  }
  const int paused =
      db_.run("UPDATE tenants SET paused_reason = ?2 WHERE name = ?1 AND paused_reason = ''", tenant, reason);
  if (paused == 1) record_event(conclusion.settled_at, flight.run, tenant, "tenant_paused", reason);
}

void SqliteStore::halt_run(RunId run, const Conclusion& conclusion, const std::string& reason) {
  const bool to_cancel = conclusion.transition.halt == Halt::cancel;
  // What is paused can still be canceled; nothing else follows what a person or an earlier result has said.
  const int changed = db_.run(
      "UPDATE runs SET control = ?2, control_reason = ?3, control_cause = ?4"
      " WHERE id = ?1 AND (control = 'active' OR (control = 'paused' AND ?2 = 'canceled'))",
      run, to_cancel ? RunControl::canceled : RunControl::paused, reason, conclusion.transition.halt_cause);
  if (changed != 1) return;
  if (to_cancel) cancel_run(run, conclusion.settled_at);
  record_event(conclusion.settled_at, run, std::nullopt, to_cancel ? "run_canceled" : "run_paused", reason);
}

Result<std::int64_t> SqliteStore::recover(const RecoveryRule& rule, UtcTime now) {
  return write([&] {
    std::vector<UnresolvedAttempt> left;
    {
      Statement row = db_.query(
          "SELECT chunks.id, chunks.run, last.id, last.number, chunks.devices, last.replay_number,"
          "       coalesce(last.replay_of, last.id), runs.started_at_us, chunks.unclear,"
          "       chunks.parent IS NOT NULL, chunks.crashes + 1, chunks.stage"
          "  FROM chunks INDEXED BY chunks_in_flight JOIN runs ON runs.id = chunks.run"
          "  JOIN attempts AS last ON last.id = chunks.attempt"
          " WHERE chunks.state = 'in_flight' AND chunks.owner < ?1 ORDER BY last.id",
          owner_);
      while (row.next()) {
        left.push_back({.chunk = ChunkId{row.integer(0)},
                        .run = RunId{row.integer(1)},
                        .attempt = AttemptId{row.integer(2)},
                        .facts = {.number = row.small_integer(3),
                                  .devices = row.small_integer(4),
                                  .is_part = row.integer(9) == 1,
                                  .replay_number = row.small_integer(5),
                                  .is_unclear_already = row.integer(8) == 1,
                                  .crashes = row.small_integer(10),
                                  .request_stamped_at = stamped_at(AttemptId{row.integer(6)}, now),
                                  .run_started_at = row.time(7)},
                        .stage = row.small_integer(11)});
      }
    }
    for (const UnresolvedAttempt& attempt : left) {
      db_.run("UPDATE chunks SET crashes = ?2 WHERE id = ?1", attempt.chunk, attempt.facts.crashes);
      const Transition next = rule(attempt);
      const Outcome lost = lost_outcome(next);
      conclude(flight_of(attempt.chunk), {.outcome = lost,
                                          .transition = next,
                                          .sent = "unknown",
                                          .sent_at = std::nullopt,
                                          .settled_at = now});
      record_event(now, attempt.run, std::nullopt, "attempt_recovered",
                   fmt::format("attempt {}", attempt.attempt.value));
      reach(KillPoint::recover_inside);
    }
    return static_cast<std::int64_t>(left.size());
  });
}

}  // namespace sluice
