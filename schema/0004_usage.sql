-- What teams have used of the machine, so that a server that starts again goes on as fairly as it
-- stopped. Written now and then while runs run, and at the end.
CREATE TABLE team_usage (
    team_id INTEGER PRIMARY KEY,
    slot_s  REAL NOT NULL,    -- slot-seconds, halved every half-life, as of at_ms
    at_ms   INTEGER NOT NULL
) STRICT;
