-- What a run may still cost outlives the server.

-- How long it has run in all its attempts that have ended, in milliseconds; NULL: not known.
ALTER TABLE run ADD COLUMN ran_ms INTEGER;

-- Of that, how long before its last retry: its timeout counts from there.
ALTER TABLE run ADD COLUMN allowed_from_ms INTEGER NOT NULL DEFAULT 0;

-- It does not start before this (milliseconds since 1970): it has lost its worker. NULL: at any time.
ALTER TABLE run ADD COLUMN not_before_ms INTEGER;
