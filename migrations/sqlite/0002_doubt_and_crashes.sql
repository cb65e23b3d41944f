-- SPDX-License-Identifier: MIT
-- What the record needs to tell the truth after crashes and restored backups, and to let an operator decide
-- what nobody can know.

-- How many processes died while the chunk was in flight; and why it is held in doubt, where no attempt of its
-- own says so: a word such as 'poison' or 'store_restored'.
ALTER TABLE chunks ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0 CHECK (crashes >= 0);
ALTER TABLE chunks ADD COLUMN held TEXT NOT NULL DEFAULT '';

-- Who said so, where a person did: the operating system's name for the user.
ALTER TABLE events ADD COLUMN actor TEXT NOT NULL DEFAULT '';

-- In which order pending chunks have their turn: 0 replays, 1 retries (as far as the retry budget goes), 2 what
-- is sent for the first time.
ALTER TABLE chunks ADD COLUMN turn INTEGER GENERATED ALWAYS AS
  (CASE WHEN replay = 1 THEN 0 WHEN attempts_spent > 0 THEN 1 ELSE 2 END) VIRTUAL;
DROP INDEX chunks_due;
CREATE INDEX chunks_due ON chunks (run, turn, due_at_us, position) WHERE state = 'pending';
CREATE INDEX chunks_in_doubt ON chunks (run) WHERE state = 'in_doubt';
CREATE INDEX chunks_unclear ON chunks (run, devices) WHERE state = 'pending' AND unclear = 1;

-- Until when the server has asked this account to be silent; kept, so that a restart does not forget it.
ALTER TABLE tenants ADD COLUMN silent_until_us INTEGER NOT NULL DEFAULT 0;

-- An operator's word on one chunk in doubt. Append-only. 'resend' is the permission for one execution more.
CREATE TABLE doubt_decisions (
  id       INTEGER PRIMARY KEY,
  at_us    INTEGER NOT NULL,
  run      INTEGER NOT NULL REFERENCES runs (id),
  chunk    INTEGER NOT NULL REFERENCES chunks (id),
  decision TEXT    NOT NULL CHECK (decision IN ('accept', 'resend')),
  actor    TEXT    NOT NULL CHECK (actor <> ''),
  reason   TEXT    NOT NULL CHECK (reason <> '')
) STRICT;

CREATE INDEX doubt_decisions_of_chunk ON doubt_decisions (chunk);

CREATE TRIGGER doubt_decisions_keep BEFORE UPDATE ON doubt_decisions
BEGIN SELECT RAISE (ABORT, 'doubt_decisions are append-only'); END;
CREATE TRIGGER doubt_decisions_stay BEFORE DELETE ON doubt_decisions
BEGIN SELECT RAISE (ABORT, 'doubt_decisions are append-only'); END;

-- Which store this is, and no other: the file beside it that tells a restored backup names it too.
CREATE TABLE store_identity (
  id TEXT PRIMARY KEY NOT NULL CHECK (length(id) = 32)  -- 128 random bits in hexadecimal
) STRICT, WITHOUT ROWID;
