// SPDX-License-Identifier: MIT
// The job files of the daemon's folder.
#include <fmt/format.h>

#include "store/sqlite/job_file_queries.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace sluice {

std::string_view to_string(JobFileState state) {
  switch (state) {
    case JobFileState::good:
      return "good";
    case JobFileState::invalid:
      return "invalid";
    case JobFileState::removed:
      return "removed";
  }
  return "";
}

std::optional<JobFileState> job_file_state_from(std::string_view word) {
  for (const JobFileState state : {JobFileState::good, JobFileState::invalid, JobFileState::removed}) {
    if (word == to_string(state)) return state;
  }
  return std::nullopt;
}

namespace queries {

std::vector<JobFileRecord> job_files(Connection& connection) {
  Statement row = connection.query(
      "SELECT name, state, revision, digest, seen_digest, seen_at_us, error, run, schedule FROM job_files"
      " ORDER BY name");
  std::vector<JobFileRecord> files;
  while (row.next()) {
    JobFileRecord file{.name = row.string(0),
                       .state = known(job_file_state_from(row.text(1)), connection),
                       .revision = row.integer(2),
                       .digest = row.string(3),
                       .seen_digest = row.string(4),
                       .seen_at = row.time(5),
                       .error = row.string(6)};
    if (!row.is_null(7)) file.run = RunId{row.integer(7)};
    if (!row.is_null(8)) file.schedule = ScheduleId{row.integer(8)};
    files.push_back(std::move(file));
  }
  return files;
}

}  // namespace queries

/// With an event if it is news.
void SqliteStore::keep_job_file(const JobFileRecord& file, std::string_view event, std::string_view reason) {
  bool is_news = true;
  {
    Statement row = db_.query("SELECT state, revision, error FROM job_files WHERE name = ?1", file.name);
    if (row.next()) {
      is_news = row.text(0) != to_string(file.state) || row.integer(1) != file.revision ||
                row.text(2) != file.error;
    }
  }
  db_.run(
      "INSERT INTO job_files (name, state, revision, digest, seen_digest, seen_at_us, error, run, schedule)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
      " ON CONFLICT (name) DO UPDATE SET state = excluded.state, revision = excluded.revision,"
      " digest = excluded.digest, seen_digest = excluded.seen_digest, seen_at_us = excluded.seen_at_us,"
      " error = excluded.error, run = excluded.run, schedule = excluded.schedule",
      file.name, to_string(file.state), file.revision, file.digest, file.seen_digest, file.seen_at,
      file.error, file.run, file.schedule);
  if (!is_news) return;
  db_.run("INSERT INTO events (at_us, what, reason, job_file, schedule) VALUES (?1, ?2, ?3, ?4, ?5)",
          file.seen_at, event, reason, file.name, file.schedule);
}

Result<void> SqliteStore::note_job_file(const JobFileRecord& file) {
  return write([&] { keep_job_file(file, fmt::format("job_file_{}", to_string(file.state)), file.error); });
}

Result<void> SqliteStore::note_sent_before(const JobFileRecord& file, const SentContent& sent) {
  return write([&] {
    keep_job_file(file, "job_file_not_sent",
                  fmt::format("its content was sent before, as run {} of {}", sent.run.value, sent.file));
  });
}

// By the digest alone: a file that gets another name, or a copy of it, must not send its command again.
// That reads the whole table, which has one short row for each content that ever came to a run; it is asked
// for a content that is new to its file, not at each look.
Result<std::optional<SentContent>> SqliteStore::sent_content(std::string_view digest) {
  return answer([&] {
    Statement row =
        db_.query("SELECT name, run FROM job_contents WHERE digest = ?1 ORDER BY at_us, run LIMIT 1", digest);
    std::optional<SentContent> sent;
    if (row.next()) sent = SentContent{row.string(0), RunId{row.integer(1)}};
    return sent;
  });
}

Result<std::optional<UtcTime>> SqliteStore::contents_unknown_until() {
  return answer([&] {
    Statement row = db_.query(
        "SELECT max(at_us) FROM events WHERE what = 'store_restored' AND run IS NULL AND schedule IS NULL");
    std::optional<UtcTime> until;
    if (row.next() && !row.is_null(0)) until = row.time(0);
    return until;
  });
}

/// With the seal of a run: the content of its job file has come to a run.
void SqliteStore::note_content_submitted(RunId run) {
  db_.run(
      "UPDATE job_files SET run = ?1 FROM runs"
      " WHERE runs.id = ?1 AND job_files.name = runs.job_file AND job_files.revision = runs.job_revision"
      "   AND runs.tick IS NULL",
      run);
  db_.run(
      "INSERT OR IGNORE INTO job_contents (name, digest, at_us, run)"
      " SELECT job_files.name, job_files.digest, runs.created_at_us, runs.id FROM runs JOIN job_files"
      "    ON job_files.name = runs.job_file AND job_files.revision = runs.job_revision"
      "  WHERE runs.id = ?1 AND runs.tick IS NULL",
      run);
}

}  // namespace sluice
