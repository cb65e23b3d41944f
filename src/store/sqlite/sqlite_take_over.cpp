// SPDX-License-Identifier: MIT
// Open and close: whose the store is, whether it is the newest copy of itself, and what its last owner left.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "sluice/core/kill_point.hpp"
#include "sluice/core/mutation.hpp"
#include "store/sqlite/migrate.hpp"
#include "store/sqlite/sqlite_error.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "store/sqlite/store_file.hpp"
#include "store/sqlite/store_identity.hpp"

namespace sluice {
namespace {

// Far longer than any window that a caller waits for, and short enough to be added to any time.
constexpr std::chrono::nanoseconds very_long = std::chrono::hours{24 * 365};

/// To be opened by SQLite, which would throw away the log of a database that is empty: so not before it is
/// known that this is a new store, not a lost one.
const std::string& prepared_file(const std::string& path) {
  require_not_lost(path);
  create_if_missing(path);
  return path;
}

std::string positions(const Generation& found, const Generation& beside) {
  return fmt::format("the database knows owner {} and attempt {}, but there had been owner {} and attempt {}",
                     found.owner, found.attempt, beside.owner, beside.attempt);
}

}  // namespace

SqliteStore::SqliteStore(const std::string& path, UtcTime now, BootClock boot_clock, StoreNotice notice)
    : boot_clock_(std::move(boot_clock)),
      notice_(std::move(notice)),
      lock_(std::in_place, path),
      generation_file_(std::in_place, path),
      db_(prepared_file(path), Connection::Access::owner) {
  // Nothing is written before the file is known to be ours and of a version that we know.
  const std::optional<Generation> beside = generation_file_->read();
  refuse_another_store(beside);
  db_.prepare_for_writing();
  seal_what_is_there();
  reach(KillPoint::seal_checkpoint);
  take_over(beside, now);
  db_.keep_log_short([this](std::int64_t bytes) {
    tell(fmt::format(
        "store {}: its log has grown to {} MiB, because another program has been reading the store for long. "
        "Nothing is lost, but the disk fills up: look for that program (a backup, a database browser).",
        db_.path(), bytes / (1024 * 1024)));
  });
  db_.checkpoint_on_close(true);
}

SqliteStore::SqliteStore(UtcTime now, BootClock boot_clock)
    : boot_clock_(std::move(boot_clock)), db_("file::memory:", Connection::Access::memory) {
  db_.prepare_for_writing();
  take_over(std::nullopt, now);
}

SqliteStore::~SqliteStore() {
  if (db_.is_stopped()) return;
  try {
    if (db_.in_transaction()) db_.run("ROLLBACK");
    db_.run("UPDATE owners SET closed_boottime_ns = ?2 WHERE id = ?1", owner_,
            boot_clock_.since_boot().count());
    if (generation_file_) generation_file_->make_durable();
  } catch (const StoreFailure&) {
    // Then the store counts as not closed, which only makes the next owner more careful.
  }
}

void SqliteStore::refuse_another_store(const std::optional<Generation>& beside) {
  const SchemaState state = examine_schema(db_, embedded_migrations());
  if (!beside) return;
  if (state == SchemaState::empty) refuse_lost_store(db_.path());
  const std::string identity = identity_of(db_);
  if (identity.empty() || identity == beside->store) return;
  fail(
      ErrorKind::refused,
      fmt::format("store {}: {} belongs to another store, so one of the two is in the wrong place",
                  db_.path(), generation_file_->path()),
      fmt::format("Put back the one that belongs here. If the store is right, and the newest copy of itself, "
                  "remove {}.",
                  generation_file_->path()));
}

// A killed process may have left commits that were written but never synced: visible to us, gone after a
// power cut. Recovery does not sync them; a checkpoint does. Nothing may be acted upon before.
void SqliteStore::seal_what_is_there() {
  if (is_seeded(Mutation::no_seal) || is_seeded(Mutation::boot_commit)) return;
  if (db_.empty_log()) return;
  fail(ErrorKind::refused,
       fmt::format("store {}: another program holds it, so its last commits cannot be made safe", db_.path()),
       "Wait for that program to end (results, a backup, a database browser), or close it, and try again. "
       "Results that are piped into this command: put them into a file first.");
}

// What is written to a file that nobody will find again is not recorded; and whoever finds another file, or
// another lock, at the store's path may be sending as well.
void SqliteStore::require_in_place() {
  if (!lock_ || (db_.is_in_place() && lock_->is_in_place())) return;
  db_.stop({ErrorKind::storage_lost,
            fmt::format("store {}: the file or its lock was moved, removed or replaced while it was in use",
                        db_.path()),
            "Put the files back as they were, then resume: what was on its way is looked into then."});
  throw StoreFailure{*db_.stopped_by()};
}

// Who is killed, or puts a backup in place beside a log that is not its own, may leave a damaged file. What
// is too large to be looked through in a moment shows its damage when it is used.
void SqliteStore::require_sound_file() {
  constexpr std::int64_t bytes_looked_through = std::int64_t{64} * 1024 * 1024;
  Statement size = db_.query("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()");
  if (!size.next() || size.integer(0) > bytes_looked_through) return;
  const std::string found = db_.pragma("PRAGMA quick_check(1)");
  if (found == "ok") return;
  fail(ErrorKind::storage, fmt::format("store {} is damaged", db_.path()),
       next_step_after_damage(db_.path()));
}

// The boot row and what is held become durable together, and only then is the file beside brought up to date:
// a crash in between leaves a file that tells of the same loss again.
void SqliteStore::take_over(const std::optional<Generation>& beside, UtcTime now) {
  keep_copy_of_older_schema();
  migrate(db_, embedded_migrations(), now);
  if (was_left_open()) require_sound_file();

  std::string sentence;
  {
    Transaction transaction{db_, Transaction::Kind::whole};
    const Found found = what_is_found(beside);
    note_last_owner();
    become_owner(std::max(found.generation.owner, beside ? beside->owner : 0) + 1, now);
    drop_unsealed_runs();
    sentence = judge(found, beside, now);
    transaction.commit();
    newest_attempt_ = found.generation.attempt;
    beside_ = found.generation;
    beside_.owner = owner_;
  }
  if (generation_file_) generation_file_->write_anew(beside_);
  tell(sentence);
}

// Each migration is one transaction, so no half of one is ever found; but an older program can use the copy
// only.
void SqliteStore::keep_copy_of_older_schema() {
  if (!generation_file_ || examine_schema(db_, embedded_migrations()) != SchemaState::older) return;
  const std::string copy = db_.path() + ".schema-" + db_.pragma("SELECT max(number) FROM schema_migrations");
  std::error_code ignored;
  std::filesystem::remove(copy, ignored);  // a half of one, if the program was killed here before
  create_if_missing(copy);
  db_.run("VACUUM INTO ?1", copy);
  tell(fmt::format("store {}: brought up to date; as it was before, it is kept in {}", db_.path(), copy));
}

SqliteStore::Found SqliteStore::what_is_found(const std::optional<Generation>& beside) {
  const bool had_identity = !identity_of(db_).empty();
  db_.run("INSERT INTO store_identity (id) SELECT ?1 WHERE NOT EXISTS (SELECT 1 FROM store_identity)",
          beside ? beside->store : fresh_identity(db_));
  return {.generation = {.store = identity_of(db_),
                         .owner = queries::newest_owner(db_),
                         .attempt = queries::newest_attempt(db_)},
          .had_identity = had_identity};
}

bool SqliteStore::was_left_open() {
  return db_
      .query("SELECT 1 FROM owners WHERE id = (SELECT max(id) FROM owners) AND closed_boottime_ns IS NULL")
      .next();
}

void SqliteStore::note_last_owner() {
  Statement last = db_.query(
      "SELECT closed_boottime_ns FROM owners"
      " WHERE id = (SELECT max(id) FROM owners) AND boot_id = ?1 AND boot_id <> ''",
      boot_clock_.boot_id);
  if (last.next() && !last.is_null(0)) last_closed_ = std::chrono::nanoseconds{last.integer(0)};
  ever_sent_ = db_.query("SELECT 1 FROM attempts LIMIT 1").next();
}

void SqliteStore::become_owner(std::int64_t id, UtcTime now) {
  db_.run(
      "INSERT INTO owners (id, boot_id, pid, opened_at_us, opened_boottime_ns) VALUES (?1, ?2, ?3, ?4, ?5)",
      id, boot_clock_.boot_id, std::int64_t{getpid()}, now, boot_clock_.since_boot().count());
  owner_ = id;
}

void SqliteStore::drop_unsealed_runs() {
  std::vector<RunId> unsealed;
  {
    // What was being pruned is not sealed any more either.
    Statement row =
        db_.query("SELECT id FROM runs WHERE sealed = 0 AND id NOT IN (SELECT run FROM pruned_runs)");
    while (row.next()) unsealed.push_back(RunId{row.integer(0)});
  }
  for (const RunId run : unsealed) drop(run);
}

/// @return what the operator should be told; empty: nothing
std::string SqliteStore::judge(const Found& found, const std::optional<Generation>& beside, UtcTime now) {
  if (!generation_file_ || (!beside && found.generation.owner == 0)) return {};
  const std::string& file = generation_file_->path();
  if (!beside && !found.had_identity) {
    record_event(now, std::nullopt, std::nullopt, "generation_file_made", "an earlier sluice made the store");
    return fmt::format("store {}: {} has been made; from now on it tells whether an older copy was put back",
                       db_.path(), file);
  }
  if (beside && is_seeded(Mutation::generation_ignored)) return {};
  if (beside && !has_lost_something(found.generation, *beside)) return {};

  // Whoever sent last may not be in this copy, so nothing is known of when that was.
  ever_sent_ = true;
  last_closed_.reset();
  const std::string reason =
      beside ? positions(found.generation, *beside) : fmt::format("{} is missing", file);
  record_event(now, std::nullopt, std::nullopt, "store_restored", reason);
  const std::int64_t held = hold_everything_unfinished(reason, now);
  pass_over_ticks(now);
  return fmt::format(
      "store {} {} an older copy of itself: {}. What was sent since, nobody knows: {} devices that were not "
      "finished are now in doubt, and nothing of them is sent. Next: sluice list, then for each run in doubt "
      "sluice doubt list RUN.",
      db_.path(), beside ? "is" : "may be", reason, held);
}

/// @return how many devices
std::int64_t SqliteStore::hold_everything_unfinished(const std::string& reason, UtcTime now) {
  std::map<RunId, CounterChange> changes;
  std::int64_t devices = 0;
  {
    Statement row = db_.query(
        "SELECT run, state = 'in_flight', count(*), sum(devices) FROM chunks"
        " WHERE state IN ('pending', 'in_flight') GROUP BY run, state");
    while (row.next()) {
      CounterChange& change = changes[RunId{row.integer(0)}];
      const bool in_flight = row.integer(1) == 1;
      (in_flight ? change.chunks.in_flight : change.chunks.pending) = -row.integer(2);
      (in_flight ? change.devices.in_flight : change.devices.pending) = -row.integer(3);
      change.chunks.in_doubt += row.integer(2);
      change.devices.in_doubt += row.integer(3);
      devices += row.integer(3);
    }
  }
  db_.run(
      "INSERT INTO attempt_results (attempt, sent, settled_at_us, outcome, code, message)"
      " SELECT attempt, 'unknown', ?1, 'silent', 'store_restored', ?2 FROM chunks WHERE state = 'in_flight'",
      now, reason);
  db_.run(
      "UPDATE chunks SET state = 'in_doubt', held = 'store_restored', unclear = 1, replay = 0, owner = NULL,"
      "                  last_result = CASE state WHEN 'in_flight' THEN attempt ELSE last_result END"
      " WHERE state IN ('pending', 'in_flight')");
  for (const auto& [run, change] : changes) {
    change_counters(run, change);
    note_finish(run, now);
    record_event(now, run, std::nullopt, "store_restored", reason);
  }
  return devices;
}

// A tick that waits in this copy, or is not even in it, may have run since. What comes due from now on has
// not.
void SqliteStore::pass_over_ticks(UtcTime now) {
  db_.run(
      "UPDATE ticks SET state = 'skipped', reason = 'store_restored', decided_at_us = ?1"
      " WHERE state IN ('queued', 'started')",
      now);
  db_.run(
      "INSERT INTO events (at_us, what, reason, schedule)"
      " SELECT ?1, 'store_restored', 'what was due by then does not run: nobody knows whether it did', id"
      "   FROM schedules WHERE state <> 'retired'",
      now);
  db_.run("UPDATE schedules SET decided_to_us = max(decided_to_us, ?1) WHERE state <> 'retired'", now);
}

// Only what is committed is told, and only attempts count: they are what a restored copy would repeat.
void SqliteStore::note_progress() {
  if (!generation_file_ || newest_attempt_ == beside_.attempt) return;
  beside_.attempt = newest_attempt_;
  if (generation_file_->overwrite(beside_) || is_generation_stale_) return;
  is_generation_stale_ = true;
  tell(fmt::format("store {}: {} cannot be written, so a restored backup would not be noticed", db_.path(),
                   generation_file_->path()));
}

void SqliteStore::tell(const std::string& sentence) const {
  if (notice_ && !sentence.empty()) notice_(sentence);
}

std::optional<std::chrono::nanoseconds> SqliteStore::silent_for() const {
  if (!ever_sent_) return very_long;
  if (!last_closed_) return std::nullopt;
  return boot_clock_.since_boot() - *last_closed_;
}

}  // namespace sluice
