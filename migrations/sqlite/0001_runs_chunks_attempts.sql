-- SPDX-License-Identifier: MIT
-- The frame of the record: who owned the store, which runs there are, their chunks as a queue, every attempt
-- ever made and what it came to. Times are microseconds since 1970 (UTC) unless a name says otherwise.
-- A state, an outcome or a control is the word that the program uses for it.

-- Which of these files made the schema, and with which content.
CREATE TABLE schema_migrations (
  number        INTEGER PRIMARY KEY,
  name          TEXT    NOT NULL,
  checksum      TEXT    NOT NULL CHECK (length(checksum) = 64),  -- SHA-256 of the file, in hex
  applied_at_us INTEGER NOT NULL
) STRICT;

-- One row for each time a process took the store over. A chunk in flight belongs to one of them; what belongs
-- to an earlier one was left behind. Boot times are CLOCK_BOOTTIME, comparable under the same boot id only.
CREATE TABLE owners (
  id                 INTEGER PRIMARY KEY AUTOINCREMENT,
  boot_id            TEXT    NOT NULL,
  pid                INTEGER NOT NULL,
  opened_at_us       INTEGER NOT NULL,
  opened_boottime_ns INTEGER NOT NULL,
  closed_boottime_ns INTEGER           -- NULL: open now, or the process died
) STRICT;

-- A cloud account. Its credentials are never here.
CREATE TABLE tenants (
  name          TEXT PRIMARY KEY NOT NULL,
  paused_reason TEXT NOT NULL DEFAULT ''  -- not empty: nothing of this tenant is claimed
) STRICT, WITHOUT ROWID;

-- One execution of a job. A run that is not sealed is an import under way: invisible to all but its importer.
-- The counters move in the same transaction as the chunks they count.
CREATE TABLE runs (
  id                 INTEGER PRIMARY KEY AUTOINCREMENT,
  job_name           TEXT    NOT NULL,
  tenant             TEXT    NOT NULL REFERENCES tenants (name),
  endpoint           TEXT    NOT NULL,
  rate               REAL    NOT NULL,
  duplicates         INTEGER NOT NULL DEFAULT 0 CHECK (duplicates >= 0),
  sealed             INTEGER NOT NULL DEFAULT 0 CHECK (sealed IN (0, 1)),
  control            TEXT    NOT NULL DEFAULT 'active' CHECK (control IN ('active', 'paused', 'canceled')),
  control_reason     TEXT    NOT NULL DEFAULT '',
  devices_pending    INTEGER NOT NULL DEFAULT 0 CHECK (devices_pending >= 0),
  devices_in_flight  INTEGER NOT NULL DEFAULT 0 CHECK (devices_in_flight >= 0),
  devices_accepted   INTEGER NOT NULL DEFAULT 0 CHECK (devices_accepted >= 0),
  devices_presumed   INTEGER NOT NULL DEFAULT 0 CHECK (devices_presumed >= 0),
  devices_failed     INTEGER NOT NULL DEFAULT 0 CHECK (devices_failed >= 0),
  devices_in_doubt   INTEGER NOT NULL DEFAULT 0 CHECK (devices_in_doubt >= 0),
  devices_canceled   INTEGER NOT NULL DEFAULT 0 CHECK (devices_canceled >= 0),
  chunks_pending     INTEGER NOT NULL DEFAULT 0 CHECK (chunks_pending >= 0),
  chunks_in_flight   INTEGER NOT NULL DEFAULT 0 CHECK (chunks_in_flight >= 0),
  chunks_accepted    INTEGER NOT NULL DEFAULT 0 CHECK (chunks_accepted >= 0),
  chunks_presumed    INTEGER NOT NULL DEFAULT 0 CHECK (chunks_presumed >= 0),
  chunks_failed      INTEGER NOT NULL DEFAULT 0 CHECK (chunks_failed >= 0),
  chunks_in_doubt    INTEGER NOT NULL DEFAULT 0 CHECK (chunks_in_doubt >= 0),
  chunks_canceled    INTEGER NOT NULL DEFAULT 0 CHECK (chunks_canceled >= 0),
  chunks_split       INTEGER NOT NULL DEFAULT 0 CHECK (chunks_split >= 0),
  requests           INTEGER NOT NULL DEFAULT 0 CHECK (requests >= 0),   -- went to the wire, replays included
  throttled          INTEGER NOT NULL DEFAULT 0 CHECK (throttled >= 0),
  created_at_us      INTEGER NOT NULL,
  started_at_us      INTEGER,  -- first claim
  finished_at_us     INTEGER   -- when the last chunk became final
) STRICT;

CREATE INDEX runs_unfinished ON runs (tenant) WHERE sealed = 1 AND finished_at_us IS NULL;

-- The job file as it was submitted. Apart from runs, because it can be large and the counters change often.
CREATE TABLE run_jobs (
  run      INTEGER PRIMARY KEY REFERENCES runs (id),
  job_text TEXT    NOT NULL
) STRICT;

-- The queue. Rows are narrow, because each is written at every step of a chunk's life.
CREATE TABLE chunks (
  id             INTEGER PRIMARY KEY,
  run            INTEGER NOT NULL REFERENCES runs (id),
  position       INTEGER NOT NULL CHECK (position >= 0),  -- place of its first device in the run's list
  devices        INTEGER NOT NULL CHECK (devices BETWEEN 1 AND 100),
  parent         INTEGER REFERENCES chunks (id),          -- the chunk that it is a half of
  state          TEXT    NOT NULL DEFAULT 'pending' CHECK (state IN
                   ('pending', 'in_flight', 'succeeded', 'failed', 'in_doubt', 'split', 'canceled')),
  evidence       TEXT    NOT NULL DEFAULT 'none' CHECK (evidence IN ('none', 'confirmed', 'presumed')),
  due_at_us      INTEGER NOT NULL,
  attempts_spent INTEGER NOT NULL DEFAULT 0 CHECK (attempts_spent >= 0),
  requests       INTEGER NOT NULL DEFAULT 0 CHECK (requests >= 0),  -- to the wire, its ancestors' included
  replay         INTEGER NOT NULL DEFAULT 0 CHECK (replay IN (0, 1)),  -- 1: the next send repeats `attempt`
  unclear        INTEGER NOT NULL DEFAULT 0 CHECK (unclear IN (0, 1)), -- 1: some attempt may have been executed
  attempt        INTEGER REFERENCES attempts (id),                 -- its newest
  last_result    INTEGER REFERENCES attempt_results (attempt),     -- the newest known, or an ancestor's
  owner          INTEGER REFERENCES owners (id),                   -- who has it in flight
  CHECK ((state = 'succeeded') = (evidence <> 'none')),
  CHECK ((state = 'in_flight') = (owner IS NOT NULL)),
  CHECK (state <> 'in_flight' OR attempt IS NOT NULL),
  CHECK (replay = 0 OR (state = 'pending' AND attempt IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX chunks_in_order ON chunks (run, position, devices);
CREATE INDEX chunks_due ON chunks (run, replay, due_at_us, position) WHERE state = 'pending';
CREATE INDEX chunks_in_flight ON chunks (owner) WHERE state = 'in_flight';
CREATE INDEX chunks_halves ON chunks (parent) WHERE parent IS NOT NULL;

-- The devices' names, each followed by a line feed. Apart from chunks: read to send and to report only.
CREATE TABLE chunk_devices (
  chunk INTEGER PRIMARY KEY REFERENCES chunks (id),
  names TEXT    NOT NULL
) STRICT;

-- One request for a chunk, written before its first byte may leave. Append-only. A replay repeats the request
-- of the attempt that it names, byte for byte, under the same nonce. Neither secret nor signature is here.
CREATE TABLE attempts (
  id            INTEGER PRIMARY KEY,
  chunk         INTEGER NOT NULL REFERENCES chunks (id),
  run           INTEGER NOT NULL REFERENCES runs (id),
  number        INTEGER NOT NULL CHECK (number >= 1),         -- of the chunk's attempts that count
  replay_of     INTEGER REFERENCES attempts (id),             -- the first send of this request
  replay_number INTEGER NOT NULL DEFAULT 0 CHECK (replay_number >= 0), -- sends of this request before it, at most
  nonce         TEXT    NOT NULL CHECK (nonce <> ''),
  timestamp     TEXT    NOT NULL,                             -- as signed into the request
  key_id        TEXT    NOT NULL,
  digest        TEXT    NOT NULL,                             -- of the request
  owner         INTEGER NOT NULL REFERENCES owners (id),
  claimed_at_us INTEGER NOT NULL,
  claimed_boottime_ns INTEGER NOT NULL,                       -- the same instant on the clock that never jumps
  CHECK ((replay_of IS NULL) = (replay_number = 0))
) STRICT;

CREATE UNIQUE INDEX attempts_nonce ON attempts (nonce) WHERE replay_of IS NULL;
CREATE INDEX attempts_replay ON attempts (replay_of) WHERE replay_of IS NOT NULL;
CREATE INDEX attempts_of_chunk ON attempts (chunk);
CREATE INDEX attempts_of_run ON attempts (run);

-- What an attempt came to. Append-only. An attempt without a row here is in flight, or was when its process died.
CREATE TABLE attempt_results (
  attempt       INTEGER PRIMARY KEY REFERENCES attempts (id),
  sent          TEXT    NOT NULL CHECK (sent IN ('sent', 'not_sent', 'unknown')),
  sent_at_us    INTEGER,                                      -- when its first byte went out
  settled_at_us INTEGER NOT NULL,
  outcome       TEXT    NOT NULL CHECK (outcome IN
                  ('accepted', 'nonce_used', 'throttled', 'unavailable', 'silent', 'answered_unclear',
                   'rejected_devices', 'rejected_job', 'blocked')),
  http_status   INTEGER NOT NULL DEFAULT 0,                   -- 0: no answer
  request_id    TEXT    NOT NULL DEFAULT '',
  code          TEXT    NOT NULL DEFAULT '',
  message       TEXT    NOT NULL DEFAULT '',
  CHECK ((sent = 'sent') = (sent_at_us IS NOT NULL))
) STRICT;

-- What was decided about a run or a tenant, by whom or why. Append-only.
CREATE TABLE events (
  id     INTEGER PRIMARY KEY,
  at_us  INTEGER NOT NULL,
  run    INTEGER REFERENCES runs (id),
  tenant TEXT,
  what   TEXT    NOT NULL CHECK (what <> ''),
  reason TEXT    NOT NULL DEFAULT ''
) STRICT;

-- The record only grows: nothing that was attempted, answered or decided is rewritten.
CREATE TRIGGER attempts_keep BEFORE UPDATE ON attempts
BEGIN SELECT RAISE (ABORT, 'attempts are append-only'); END;
CREATE TRIGGER attempts_stay BEFORE DELETE ON attempts
BEGIN SELECT RAISE (ABORT, 'attempts are append-only'); END;
CREATE TRIGGER attempt_results_keep BEFORE UPDATE ON attempt_results
BEGIN SELECT RAISE (ABORT, 'attempt_results are append-only'); END;
CREATE TRIGGER attempt_results_stay BEFORE DELETE ON attempt_results
BEGIN SELECT RAISE (ABORT, 'attempt_results are append-only'); END;
CREATE TRIGGER events_keep BEFORE UPDATE ON events
BEGIN SELECT RAISE (ABORT, 'events are append-only'); END;
CREATE TRIGGER events_stay BEFORE DELETE ON events
BEGIN SELECT RAISE (ABORT, 'events are append-only'); END;

-- A replay is the same request for the same chunk, or it is no replay: under a used nonce anything else would
-- be a new request that the cloud mistakes for the old one.
CREATE TRIGGER attempts_replay_is_identical BEFORE INSERT ON attempts
WHEN NEW.replay_of IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM attempts AS first
   WHERE first.id = NEW.replay_of AND first.replay_of IS NULL AND first.chunk = NEW.chunk
     AND first.nonce = NEW.nonce AND first.timestamp = NEW.timestamp
     AND first.key_id = NEW.key_id AND first.digest = NEW.digest)
BEGIN SELECT RAISE (ABORT, 'a replay must repeat the first request'); END;

-- Success absorbs, and a split chunk lives on in its halves only.
CREATE TRIGGER chunks_success_stays BEFORE UPDATE OF state ON chunks
WHEN OLD.state IN ('succeeded', 'split') AND NEW.state <> OLD.state
BEGIN SELECT RAISE (ABORT, 'a chunk that succeeded or was split does not change'); END;
