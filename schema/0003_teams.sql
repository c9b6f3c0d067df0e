-- Teams that share a server, their tokens, and who did what. Jobs and data sets belong to a team.
-- The names of roles and visibilities are those of server/store/teams.h.

-- Numbers are not used again: the audit names teams and tokens that are gone.
CREATE TABLE team (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    name           TEXT NOT NULL UNIQUE,
    share          REAL NOT NULL,     -- of the machine, against the shares of other teams
    max_running    INTEGER NOT NULL,  -- slots; 0: no limit, as below
    max_queued     INTEGER NOT NULL,  -- runs
    max_bytes      INTEGER NOT NULL,  -- of data sets
    requests_per_s REAL NOT NULL,
    created_ms     INTEGER NOT NULL
) STRICT;
INSERT INTO team VALUES (1, 'default', 1, 0, 0, 0, 0, unixepoch() * 1000);

-- Rows stay when a token is revoked or its team removed: as long as there is one, nobody gets in
-- without.
CREATE TABLE token (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    team_id    INTEGER NOT NULL,
    role       TEXT NOT NULL,
    name       TEXT NOT NULL,
    prefix     TEXT NOT NULL,         -- the first letters, for people who look for theirs
    hash       BLOB NOT NULL UNIQUE,  -- HMAC-SHA-256 of the whole under the key beside this file
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER,
    used_ms    INTEGER,               -- the last time, to the minute
    revoked_ms INTEGER
) STRICT;

CREATE TABLE audit (
    id       INTEGER PRIMARY KEY,
    at_ms    INTEGER NOT NULL,
    team_id  INTEGER NOT NULL,        -- of who did it; 0: the one who runs the server
    token_id INTEGER NOT NULL,        -- 0: without one
    what     TEXT NOT NULL,           -- a method and the template of its path, or a command
    subject  TEXT NOT NULL,           -- what it was done to
    origin   TEXT NOT NULL            -- an address, or "command line"
) STRICT;

-- What exists belongs to team 1. (SQLite adds no column that is NOT NULL, has a default and refers
-- to another table.)
ALTER TABLE job ADD COLUMN team_id INTEGER NOT NULL DEFAULT 1;
ALTER TABLE job ADD COLUMN visibility TEXT NOT NULL DEFAULT 'team'; -- who may read: team, everyone
CREATE INDEX job_of_team ON job (team_id, id);
CREATE INDEX job_for_everyone ON job (id) WHERE visibility = 'everyone';

-- A name means something else to each team; what is for everyone has names of its own.
CREATE TABLE team_dataset (
    id         INTEGER PRIMARY KEY,
    team_id    INTEGER NOT NULL REFERENCES team,
    visibility TEXT NOT NULL,
    name       TEXT NOT NULL,
    format     TEXT NOT NULL,        -- or built-in
    file       TEXT NOT NULL,        -- in the cache folder; several names may share one
    digest     TEXT NOT NULL,
    bytes      INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    summary    TEXT NOT NULL         -- JSON
) STRICT;
INSERT INTO team_dataset (team_id, visibility, name, format, file, digest, bytes, created_ms, summary)
    SELECT 1, CASE format WHEN 'built-in' THEN 'everyone' ELSE 'team' END, name, format, file,
           digest, bytes, created_ms, summary FROM dataset;
DROP TABLE dataset;
ALTER TABLE team_dataset RENAME TO dataset;
CREATE INDEX dataset_by_name ON dataset (name);
CREATE UNIQUE INDEX dataset_of_team ON dataset (team_id, name) WHERE visibility = 'team';
CREATE UNIQUE INDEX dataset_for_everyone ON dataset (name) WHERE visibility = 'everyone';

-- Two teams may have the same idea for a key.
CREATE TABLE team_idempotency (
    team_id    INTEGER NOT NULL,
    key        TEXT NOT NULL,
    digest     TEXT NOT NULL,        -- of the body
    job_id     INTEGER NOT NULL REFERENCES job,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (team_id, key)
) STRICT, WITHOUT ROWID;
INSERT INTO team_idempotency SELECT 1, key, digest, job_id, created_ms FROM idempotency;
DROP TABLE idempotency;
ALTER TABLE team_idempotency RENAME TO idempotency;
CREATE INDEX idempotency_by_age ON idempotency (created_ms);
