-- SPDX-License-Identifier: MIT
-- What belongs to no run is kept for as long as runs are, and no longer.

-- Events of no run that are older than this may be taken out. One row, or none yet.
CREATE TABLE events_kept (
  only    INTEGER PRIMARY KEY CHECK (only = 1),
  from_us INTEGER NOT NULL
) STRICT;

DROP TRIGGER events_stay;
CREATE TRIGGER events_stay BEFORE DELETE ON events
WHEN CASE WHEN OLD.run IS NULL THEN NOT EXISTS (SELECT 1 FROM events_kept WHERE OLD.at_us < from_us)
          ELSE NOT EXISTS (SELECT 1 FROM pruned_runs WHERE run = OLD.run) END
BEGIN SELECT RAISE (ABORT, 'events are append-only'); END;

CREATE INDEX events_of_no_run ON events (at_us) WHERE run IS NULL;
-- Of ticks, those that fired stay: by them a backfill knows what was sent.
CREATE INDEX ticks_without_run ON ticks (decided_at_us) WHERE state IN ('skipped', 'failed');
