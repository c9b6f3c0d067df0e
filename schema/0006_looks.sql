-- What was found when a comparison was looked at while its seeds came in ("sequential"): for each
-- look a row for each arm that was still in, of it against the baseline. The first verdict that is
-- not "undecided" is the decision; it stands, whatever is tried again later.
CREATE TABLE look (
    job_id  INTEGER NOT NULL REFERENCES job,
    number  INTEGER NOT NULL,  -- 1 …
    arm     INTEGER NOT NULL,
    seeds   INTEGER NOT NULL,  -- that both had run with
    p       REAL,              -- signed-rank, of this look alone; NULL: no seed
    verdict TEXT NOT NULL,     -- undecided, better, worse, equivalent
    at_ms   INTEGER NOT NULL,
    PRIMARY KEY (job_id, number, arm)
) STRICT, WITHOUT ROWID;
