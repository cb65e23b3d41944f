-- SPDX-License-Identifier: MIT
-- Large rollouts: runs in stages, each with its own permission to start; arguments that differ from device to
-- device; runs made of other runs; and what a person has said about pace and pauses.

-- The newest stage that may be sent: 0 before the first one. A run without stages is one stage that may.
ALTER TABLE runs ADD COLUMN stage INTEGER NOT NULL DEFAULT 1 CHECK (stage >= 0);
-- Why the run is not active: 'operator', 'outcome', 'deadline', 'threshold' or 'gate'; empty: it is, or the
-- pause is older than this column.
ALTER TABLE runs ADD COLUMN control_cause TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN submitter TEXT NOT NULL DEFAULT '';   -- the operating system's name for the user
ALTER TABLE runs ADD COLUMN digest TEXT NOT NULL DEFAULT '';      -- of the plan that was submitted
ALTER TABLE runs ADD COLUMN predicted_us INTEGER;                 -- how long the plan said it takes
-- What the run is for, and of which run it takes the devices: 'retry' what did not come about there, 'undo'
-- what did.
ALTER TABLE runs ADD COLUMN purpose TEXT NOT NULL DEFAULT 'run' CHECK (purpose IN ('run', 'retry', 'undo'));
ALTER TABLE runs ADD COLUMN parent INTEGER REFERENCES runs (id);

-- The stages of a run that has any, as they were planned and as they came about.
CREATE TABLE stages (
  run           INTEGER NOT NULL REFERENCES runs (id),
  number        INTEGER NOT NULL CHECK (number >= 1),
  name          TEXT    NOT NULL,
  devices       INTEGER NOT NULL CHECK (devices >= 0),
  opened_at_us  INTEGER,  -- when its first chunk might be sent
  settled_at_us INTEGER,  -- when its last device had a result
  PRIMARY KEY (run, number)
) STRICT, WITHOUT ROWID;

-- A person's word that a stage may start. Append-only.
CREATE TABLE approvals (
  id        INTEGER PRIMARY KEY,
  at_us     INTEGER NOT NULL,
  run       INTEGER NOT NULL,
  stage     INTEGER NOT NULL,
  actor     TEXT    NOT NULL CHECK (actor <> ''),
  digest    TEXT    NOT NULL,                                       -- of the plan that was approved
  past_gate INTEGER NOT NULL DEFAULT 0 CHECK (past_gate IN (0, 1)), -- 1: whatever the gate before it says
  FOREIGN KEY (run, stage) REFERENCES stages (run, number)
) STRICT;

CREATE INDEX approvals_of_stage ON approvals (run, stage);

CREATE TRIGGER approvals_keep BEFORE UPDATE ON approvals
BEGIN SELECT RAISE (ABORT, 'approvals are append-only'); END;
CREATE TRIGGER approvals_stay BEFORE DELETE ON approvals
BEGIN SELECT RAISE (ABORT, 'approvals are append-only'); END;

-- Arguments that were made from parameters and columns: one row for all chunks that share them.
CREATE TABLE run_arguments (
  id              INTEGER PRIMARY KEY,
  run             INTEGER NOT NULL REFERENCES runs (id),
  args            TEXT    NOT NULL,
  compensate_args TEXT    NOT NULL DEFAULT ''  -- of the call that undoes it; empty: as the job says
) STRICT;

CREATE INDEX run_arguments_of_run ON run_arguments (run);

ALTER TABLE chunks ADD COLUMN stage INTEGER NOT NULL DEFAULT 1 CHECK (stage >= 1);
ALTER TABLE chunks ADD COLUMN arguments INTEGER REFERENCES run_arguments (id);  -- NULL: the job's own
DROP INDEX chunks_due;
CREATE INDEX chunks_due ON chunks (run, stage, turn, due_at_us, position) WHERE state = 'pending';

-- A pace that a person has set for an account, below the configured one, for some time. Append-only; the
-- newest row of a tenant counts.
CREATE TABLE rate_orders (
  id       INTEGER PRIMARY KEY,
  at_us    INTEGER NOT NULL,
  tenant   TEXT    NOT NULL REFERENCES tenants (name),
  rate     REAL    NOT NULL CHECK (rate > 0),
  until_us INTEGER NOT NULL,
  actor    TEXT    NOT NULL CHECK (actor <> '')
) STRICT;

CREATE INDEX rate_orders_of_tenant ON rate_orders (tenant);

CREATE TRIGGER rate_orders_keep BEFORE UPDATE ON rate_orders
BEGIN SELECT RAISE (ABORT, 'rate_orders are append-only'); END;
CREATE TRIGGER rate_orders_stay BEFORE DELETE ON rate_orders
BEGIN SELECT RAISE (ABORT, 'rate_orders are append-only'); END;
