-- SPDX-License-Identifier: MIT
-- Requests to the API that came with a key, so that the same request again is not carried out again.

-- One whose process died without an answer has a row of the audit if it was carried out, since that is written
-- in the transaction that does what was asked; without one, nothing of it has happened.
CREATE TABLE keyed_requests (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  client      TEXT    NOT NULL CHECK (client <> ''),
  key         TEXT    NOT NULL CHECK (key <> ''),
  digest      TEXT    NOT NULL,               -- of what was asked
  begun_at_us INTEGER NOT NULL,
  owner       INTEGER,                        -- the process that carries it out; NULL: none does
  audit       INTEGER REFERENCES audit (id),  -- the order that came of it first
  run         INTEGER,                        -- that it has made; no reference: it may have been pruned
  status      INTEGER CHECK (status BETWEEN 200 AND 499),  -- of its answer; NULL: there is none
  location    TEXT    NOT NULL DEFAULT '',
  body        TEXT    NOT NULL DEFAULT '',
  UNIQUE (client, key)
) STRICT;

CREATE INDEX keyed_requests_by_age ON keyed_requests (begun_at_us);
