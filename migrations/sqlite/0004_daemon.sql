-- SPDX-License-Identifier: MIT
-- What a daemon keeps beside its runs: schedules and their ticks, the job files of its folder, who did what,
-- and which runs were pruned.

-- A job that runs by the clock. Retired ones stay, since their ticks and runs name them.
CREATE TABLE schedules (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  name          TEXT    NOT NULL CHECK (name <> ''),
  state         TEXT    NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused', 'retired')),
  revision      INTEGER NOT NULL DEFAULT 1 CHECK (revision >= 1),
  job_file      TEXT    NOT NULL DEFAULT '',  -- of the daemon's folder; empty: added by command
  decided_to_us INTEGER NOT NULL              -- every tick up to this instant has been decided
) STRICT;

CREATE UNIQUE INDEX schedules_by_name ON schedules (name) WHERE state <> 'retired';

-- What a schedule said, revision by revision. Append-only.
CREATE TABLE schedule_revisions (
  schedule INTEGER NOT NULL REFERENCES schedules (id),
  revision INTEGER NOT NULL CHECK (revision >= 1),
  at_us    INTEGER NOT NULL,
  actor    TEXT    NOT NULL CHECK (actor <> ''),
  job_text TEXT    NOT NULL,             -- its schedule block is the schedule
  folder   TEXT    NOT NULL DEFAULT '',  -- which the paths in the job are relative to
  PRIMARY KEY (schedule, revision)
) STRICT, WITHOUT ROWID;

-- One instant of a schedule and what became of it. A row without a run that is 'started' is being submitted, or
-- was when its process died; then nothing of it was sent, since only a sealed run is.
CREATE TABLE ticks (
  id            INTEGER PRIMARY KEY,
  schedule      INTEGER NOT NULL REFERENCES schedules (id),
  revision      INTEGER NOT NULL,
  at_us         INTEGER NOT NULL,  -- the instant that it is for
  kind          TEXT    NOT NULL CHECK (kind IN ('scheduled', 'triggered', 'backfill')),
  state         TEXT    NOT NULL CHECK (state IN ('queued', 'started', 'fired', 'skipped', 'failed')),
  decided_at_us INTEGER NOT NULL,
  ticks         INTEGER NOT NULL DEFAULT 1 CHECK (ticks >= 1),  -- more: this row stands for so many, the last at at_us
  reason        TEXT    NOT NULL DEFAULT '',
  actor         TEXT    NOT NULL DEFAULT '',  -- who triggered it
  run           INTEGER,                      -- no reference: it may have been pruned
  CHECK ((state = 'fired') = (run IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX ticks_once ON ticks (schedule, at_us) WHERE kind <> 'triggered';
CREATE INDEX ticks_of_schedule ON ticks (schedule, id);
CREATE INDEX ticks_undone ON ticks (schedule) WHERE state IN ('queued', 'started');

-- What made a run: a tick, a job file of the daemon's folder.
ALTER TABLE runs ADD COLUMN tick INTEGER REFERENCES ticks (id);
ALTER TABLE runs ADD COLUMN job_file TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN job_revision INTEGER NOT NULL DEFAULT 0;

CREATE UNIQUE INDEX runs_of_tick ON runs (tick) WHERE tick IS NOT NULL AND sealed = 1;

-- The job files of the daemon's folder, as they were last seen.
CREATE TABLE job_files (
  name     TEXT PRIMARY KEY NOT NULL CHECK (name <> ''),
  state    TEXT    NOT NULL CHECK (state IN ('good', 'invalid', 'removed')),
  revision    INTEGER NOT NULL CHECK (revision >= 0),  -- of the last good content; 0: there was none yet
  digest      TEXT    NOT NULL DEFAULT '',             -- SHA-256 of that content
  seen_digest TEXT    NOT NULL,                        -- of what was last seen, good or not
  seen_at_us  INTEGER NOT NULL,
  error       TEXT    NOT NULL DEFAULT '',             -- why it is invalid
  run         INTEGER,                                 -- of the last good content; no reference: it may be pruned
  schedule    INTEGER REFERENCES schedules (id)        -- the same
) STRICT, WITHOUT ROWID;

-- Contents of job files that were submitted once and are not submitted again.
CREATE TABLE job_contents (
  name   TEXT    NOT NULL,
  digest TEXT    NOT NULL,
  at_us  INTEGER NOT NULL,
  run    INTEGER,
  PRIMARY KEY (name, digest)
) STRICT, WITHOUT ROWID;

-- Who did what, from where, and why. Append-only; each row's hash covers the row and the hash before it.
CREATE TABLE audit (
  id     INTEGER PRIMARY KEY,
  at_us  INTEGER NOT NULL,
  actor  TEXT    NOT NULL CHECK (actor <> ''),
  origin TEXT    NOT NULL,             -- 'cli', 'unix', 'daemon', or the address of a TCP peer
  action TEXT    NOT NULL CHECK (action <> ''),
  target TEXT    NOT NULL DEFAULT '',
  before TEXT    NOT NULL DEFAULT '',
  after  TEXT    NOT NULL DEFAULT '',
  reason TEXT    NOT NULL DEFAULT '',
  hash   TEXT    NOT NULL CHECK (length(hash) = 64)
) STRICT;

CREATE TRIGGER audit_keep BEFORE UPDATE ON audit
BEGIN SELECT RAISE (ABORT, 'audit is append-only'); END;
CREATE TRIGGER audit_stay BEFORE DELETE ON audit
BEGIN SELECT RAISE (ABORT, 'audit is append-only'); END;
CREATE TRIGGER schedule_revisions_keep BEFORE UPDATE ON schedule_revisions
BEGIN SELECT RAISE (ABORT, 'schedule_revisions are append-only'); END;

-- Runs that were kept long enough. What stays of one is this row; it is the permission to delete the others.
CREATE TABLE pruned_runs (
  run           INTEGER PRIMARY KEY,
  pruned_at_us  INTEGER NOT NULL,
  job_name      TEXT    NOT NULL,
  tenant        TEXT    NOT NULL,
  created_at_us INTEGER NOT NULL,
  ended_at_us   INTEGER NOT NULL,
  status        TEXT    NOT NULL,
  devices       INTEGER NOT NULL,
  accepted      INTEGER NOT NULL,
  presumed      INTEGER NOT NULL,
  failed        INTEGER NOT NULL,
  in_doubt      INTEGER NOT NULL,
  canceled      INTEGER NOT NULL,
  requests      INTEGER NOT NULL
) STRICT;

DROP TRIGGER attempts_stay;
CREATE TRIGGER attempts_stay BEFORE DELETE ON attempts
WHEN NOT EXISTS (SELECT 1 FROM pruned_runs WHERE run = OLD.run)
BEGIN SELECT RAISE (ABORT, 'attempts are append-only'); END;
DROP TRIGGER attempt_results_stay;
CREATE TRIGGER attempt_results_stay BEFORE DELETE ON attempt_results
WHEN NOT EXISTS (SELECT 1 FROM attempts JOIN pruned_runs ON pruned_runs.run = attempts.run
                  WHERE attempts.id = OLD.attempt)
BEGIN SELECT RAISE (ABORT, 'attempt_results are append-only'); END;
DROP TRIGGER events_stay;
CREATE TRIGGER events_stay BEFORE DELETE ON events
WHEN OLD.run IS NULL OR NOT EXISTS (SELECT 1 FROM pruned_runs WHERE run = OLD.run)
BEGIN SELECT RAISE (ABORT, 'events are append-only'); END;
DROP TRIGGER approvals_stay;
CREATE TRIGGER approvals_stay BEFORE DELETE ON approvals
WHEN NOT EXISTS (SELECT 1 FROM pruned_runs WHERE run = OLD.run)
BEGIN SELECT RAISE (ABORT, 'approvals are append-only'); END;
DROP TRIGGER doubt_decisions_stay;
CREATE TRIGGER doubt_decisions_stay BEFORE DELETE ON doubt_decisions
WHEN NOT EXISTS (SELECT 1 FROM pruned_runs WHERE run = OLD.run)
BEGIN SELECT RAISE (ABORT, 'doubt_decisions are append-only'); END;

-- What an event is about, where that is no run.
ALTER TABLE events ADD COLUMN schedule INTEGER REFERENCES schedules (id);
ALTER TABLE events ADD COLUMN job_file TEXT NOT NULL DEFAULT '';

CREATE INDEX events_of_run ON events (run, id) WHERE run IS NOT NULL;

-- The course of a run, for whoever follows it. That of its stages is told by who opens and settles them.
CREATE TRIGGER runs_tell_submitted AFTER UPDATE OF sealed ON runs
WHEN NEW.sealed = 1 AND OLD.sealed = 0
BEGIN
  INSERT INTO events (at_us, run, tenant, what, actor, job_file)
  VALUES (NEW.created_at_us, NEW.id, NEW.tenant, 'run_submitted', NEW.submitter, NEW.job_file);
END;
CREATE TRIGGER runs_tell_started AFTER UPDATE OF started_at_us ON runs
WHEN NEW.started_at_us IS NOT NULL AND OLD.started_at_us IS NULL
BEGIN
  INSERT INTO events (at_us, run, tenant, what) VALUES (NEW.started_at_us, NEW.id, NEW.tenant, 'run_started');
END;
CREATE TRIGGER runs_tell_finished AFTER UPDATE OF finished_at_us ON runs
WHEN NEW.finished_at_us IS NOT NULL AND OLD.finished_at_us IS NULL
BEGIN
  INSERT INTO events (at_us, run, tenant, what) VALUES (NEW.finished_at_us, NEW.id, NEW.tenant, 'run_finished');
END;
