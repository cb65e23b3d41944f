// SPDX-License-Identifier: MIT
// Claim: pending → in flight, with the attempt on record before anything may be sent.
#include <algorithm>
#include <tuple>

#include "sluice/core/kill_point.hpp"
#include "sluice/core/mutation.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace sluice {

/// A run of which something may be claimed.
struct SqliteStore::ClaimableRun {
  RunId run;
  bool is_active = true;  ///< neither it nor its tenant is paused
  int open_stage = 1;     ///< the newest that may be sent
  RunShare share;
  int taken = 0;  ///< chunks, by this claim
};

/// A chunk that is due.
struct SqliteStore::Candidate {
  ChunkId chunk;
  RunId run;
  double rank = 0;  ///< by its run's share
  int stage = 1;
  std::int64_t position = 0;
  UtcTime due_at;
  int devices = 0;
  int attempts_spent = 0;
  bool replay = false;
  bool is_unclear = false;
  bool is_part = false;
  int crashes = 0;
  std::optional<AttemptId> last_attempt;
  std::optional<ArgumentsId> arguments;

  bool operator<(const Candidate& other) const {
    return std::tie(rank, due_at, run, position) <
           std::tie(other.rank, other.due_at, other.run, other.position);
  }
};

Result<std::vector<ClaimedChunk>> SqliteStore::claim(const ClaimRequest& request) {
  return write([&] {
    std::vector<ClaimableRun> runs = claimable_runs(request);
    const auto limit = static_cast<std::size_t>(std::max(request.limit, 0));
    std::vector<ClaimedChunk> claimed;
    std::map<RunId, CounterChange> changes;
    for (const Turn turn : {Turn::replay, Turn::retry, Turn::first}) {
      std::size_t room = limit - claimed.size();
      if (turn == Turn::retry)
        room = std::min(room, static_cast<std::size_t>(std::max(request.retries_max, 0)));
      if (room == 0) continue;
      for (const Candidate& candidate : due_in_turn(runs, turn, room, request)) {
        claimed.push_back(take(candidate, request));
        CounterChange& change = changes[candidate.run];
        change.leave(ChunkState::pending, Evidence::none, candidate.devices);
        change.enter(ChunkState::in_flight, Evidence::none, candidate.devices);
        reach(KillPoint::claim_inside);
      }
    }
    for (const auto& [run, change] : changes) {
      change_counters(run, change);
      db_.run("UPDATE runs SET started_at_us = ?2 WHERE id = ?1 AND started_at_us IS NULL", run, request.now);
    }
    reach(KillPoint::claim_after);
    return claimed;
  });
}

/// The best of all runs, at most `room`. Counts them as taken.
std::vector<SqliteStore::Candidate> SqliteStore::due_in_turn(std::vector<ClaimableRun>& runs, Turn turn,
                                                             std::size_t room, const ClaimRequest& request) {
  std::vector<Candidate> due;
  for (const ClaimableRun& run : runs) {
    const bool is_deaf = turn == Turn::replay && is_seeded(Mutation::replay_when_paused);
    if (!run.is_active && !is_deaf) continue;
    const auto left = static_cast<std::size_t>(std::max(run.share.chunks_max - run.taken, 0));
    std::vector<Candidate> of_run;
    const int ahead = is_seeded(Mutation::closed_stage_claimed) ? 1 : 0;
    for (int stage = 1; stage <= run.open_stage + ahead; ++stage) {
      collect(run, stage, turn, static_cast<int>(std::min(room, left)), request, of_run);
    }
    std::sort(of_run.begin(), of_run.end());
    if (of_run.size() > left) of_run.resize(left);
    int nth = run.taken;
    for (Candidate& candidate : of_run) candidate.rank = run.share.pass + run.share.stride * nth++;
    due.insert(due.end(), of_run.begin(), of_run.end());
  }
  std::sort(due.begin(), due.end());
  if (due.size() > room) due.resize(room);
  for (const Candidate& candidate : due) {
    std::ranges::find(runs, candidate.run, &ClaimableRun::run)->taken += 1;
  }
  return due;
}

std::vector<SqliteStore::ClaimableRun> SqliteStore::claimable_runs(const ClaimRequest& request) {
  std::vector<ClaimableRun> runs;
  Statement row = db_.query(
      "SELECT runs.id, runs.stage, runs.control = 'active' AND tenants.paused_reason = ''"
      "  FROM runs JOIN tenants ON tenants.name = runs.tenant"
      " WHERE runs.tenant = ?1 AND runs.sealed = 1 AND runs.finished_at_us IS NULL AND runs.chunks_pending > "
      "0"
      " ORDER BY runs.id",
      request.tenant);
  while (row.next()) {
    const RunId run{row.integer(0)};
    const bool is_wanted = request.runs.empty() ||
                           std::find(request.runs.begin(), request.runs.end(), run) != request.runs.end();
    if (!is_wanted) continue;
    const auto share = request.shares.find(run);
    runs.push_back({.run = run,
                    .is_active = row.integer(2) == 1,
                    .open_stage = row.small_integer(1),
                    .share = share == request.shares.end() ? RunShare{} : share->second});
  }
  return runs;
}

// The index holds a stage's pending chunks in just this order, so the cost is that of the chunks taken,
// however many are waiting.
void SqliteStore::collect(const ClaimableRun& run, int stage, Turn turn, int limit,
                          const ClaimRequest& request, std::vector<Candidate>& found) {
  Statement row = db_.query(
      "SELECT id, position, due_at_us, devices, attempts_spent, attempt, unclear, parent IS NOT NULL, "
      "crashes,"
      "       arguments"
      "  FROM chunks INDEXED BY chunks_due"
      " WHERE run = ?1 AND stage = ?5 AND state = 'pending' AND turn = ?2 AND due_at_us <= ?3"
      " ORDER BY due_at_us, position LIMIT ?4",
      run.run, static_cast<int>(turn), request.now, limit, stage);
  while (row.next()) {
    Candidate candidate;
    candidate.chunk = ChunkId{row.integer(0)};
    candidate.run = run.run;
    candidate.stage = stage;
    candidate.position = row.integer(1);
    candidate.due_at = row.time(2);
    candidate.devices = row.small_integer(3);
    candidate.attempts_spent = row.small_integer(4);
    candidate.replay = turn == Turn::replay;
    if (!row.is_null(5)) candidate.last_attempt = AttemptId{row.integer(5)};
    candidate.is_unclear = row.integer(6) == 1;
    candidate.is_part = row.integer(7) == 1;
    candidate.crashes = row.small_integer(8);
    if (!row.is_null(9)) candidate.arguments = ArgumentsId{row.integer(9)};
    found.push_back(candidate);
  }
}

ClaimedChunk SqliteStore::take(const Candidate& candidate, const ClaimRequest& request) {
  ClaimedChunk claimed;
  claimed.chunk = candidate.chunk;
  claimed.run = candidate.run;
  claimed.is_replay = candidate.replay;
  claimed.facts.number = candidate.attempts_spent + 1;
  claimed.facts.devices = candidate.devices;
  claimed.facts.is_part = candidate.is_part;
  claimed.facts.is_unclear_already = candidate.is_unclear;
  claimed.facts.crashes = candidate.crashes;
  {
    Statement row = db_.query(
        "SELECT chunk_devices.names, coalesce(runs.started_at_us, ?3)"
        "  FROM chunk_devices JOIN runs ON runs.id = ?2 WHERE chunk_devices.chunk = ?1",
        candidate.chunk, candidate.run, request.now);
    row.next();
    claimed.names = row.string(0);
    claimed.facts.run_started_at = row.time(1);
  }

  claimed.stage = candidate.stage;
  if (candidate.arguments) claimed.arguments = queries::arguments(db_, *candidate.arguments);

  record_attempt(candidate, request, claimed);
  db_.run(
      "UPDATE chunks SET state = 'in_flight', owner = ?2, attempt = ?3, replay = 0"
      " WHERE id = ?1 AND state = 'pending'",
      candidate.chunk, owner_, claimed.attempt);
  return claimed;
}

void SqliteStore::record_attempt(const Candidate& candidate, const ClaimRequest& request,
                                 ClaimedChunk& claimed) {
  std::optional<AttemptId> first;
  if (candidate.replay) {
    Statement row = db_.query(
        "SELECT first.id, first.nonce, first.timestamp, first.key_id, first.digest,"
        "       last.replay_number, EXISTS (SELECT 1 FROM attempt_results AS result"
        "         WHERE result.attempt = last.id AND result.sent = 'not_sent')"
        "  FROM attempts AS last JOIN attempts AS first ON first.id = coalesce(last.replay_of, last.id)"
        " WHERE last.id = ?1",
        candidate.last_attempt);
    row.next();
    first = AttemptId{row.integer(0)};
    claimed.intent = {
        .nonce = row.string(1), .timestamp = row.string(2), .key_id = row.string(3), .digest = row.string(4)};
    claimed.facts.request_stamped_at = stamped_at(*first, request.now);
    // A replay that did not reach the endpoint was none: the next one takes its number.
    const bool last_went_out = row.integer(6) == 0;
    claimed.facts.replay_number = std::max(1, row.small_integer(5) + (last_went_out ? 1 : 0));
  } else {
    claimed.intent = request.make_intent(claimed);
    claimed.facts.request_stamped_at = request.now;
  }
  const AttemptIntent& intent = claimed.intent;
  db_.run(
      "INSERT INTO attempts (chunk, run, number, replay_of, replay_number, nonce, timestamp, key_id, digest, "
      "owner,"
      "                      claimed_at_us, claimed_boottime_ns)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
      candidate.chunk, candidate.run, claimed.facts.number, first, claimed.facts.replay_number, intent.nonce,
      intent.timestamp, intent.key_id, intent.digest, owner_, request.now, boot_clock_.since_boot().count());
  claimed.attempt = AttemptId{db_.last_insert_id()};
  newest_attempt_ = claimed.attempt.value;
}

// The replay window must not grow because the wall clock was set back, so the older of two ages counts: by
// the wall clock, and by the clock that never jumps, as long as the machine was not started anew. After a new
// start, a wall clock that stands before the first send tells nothing, and the window counts as over.
UtcTime SqliteStore::stamped_at(AttemptId first, UtcTime now) {
  Statement row = db_.query(
      "SELECT attempts.claimed_at_us, attempts.claimed_boottime_ns, owners.boot_id"
      "  FROM attempts JOIN owners ON owners.id = attempts.owner WHERE attempts.id = ?1",
      first);
  row.next();
  const UtcTime by_wall_clock = row.time(0);
  const std::string& boot = boot_clock_.boot_id;
  if (is_seeded(Mutation::replay_by_wall_clock)) return by_wall_clock;
  if (boot.empty() || row.text(2) != boot) {
    return now < by_wall_clock ? now - identical_replay_window : by_wall_clock;
  }
  const std::chrono::nanoseconds age = boot_clock_.since_boot() - std::chrono::nanoseconds{row.integer(1)};
  const UtcTime by_steady_clock = now - std::chrono::duration_cast<std::chrono::microseconds>(age);
  return std::min(by_wall_clock, by_steady_clock);
}

}  // namespace sluice
