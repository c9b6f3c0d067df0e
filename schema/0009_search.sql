-- Searches: what was proposed, what each proposal knew, and what became of it.

CREATE TABLE search (
    job_id  INTEGER PRIMARY KEY REFERENCES job,
    edits   INTEGER NOT NULL DEFAULT 0, -- changes by hand: what came before cannot be repeated
    stopped TEXT                        -- why it ended before its budget; NULL: it has not
) STRICT;

-- One row a proposed run. Proposal number k follows from the seed, the points of the proposals
-- before it and the results of the first `seen` tells. Points and memos are doubles, as they are
-- in memory.
CREATE TABLE proposal (
    run_id   INTEGER PRIMARY KEY REFERENCES run,
    job_id   INTEGER NOT NULL REFERENCES job,
    number   INTEGER NOT NULL,         -- the run's
    seen     INTEGER NOT NULL,
    edits    INTEGER NOT NULL,         -- of the search, when it was made
    how      TEXT NOT NULL,            -- "start", "model", "enqueued", …
    parent   INTEGER,                  -- the proposal whose weights it goes on from
    point    BLOB NOT NULL,            -- one number a parameter
    memo     BLOB,                     -- what the algorithm wants to know again
    lease_ms INTEGER,                  -- of an external runner
    told     INTEGER,                  -- place in the order of tells, from 0; NULL: not told
    outcome  TEXT,                     -- done, pruned, failed, deleted
    result   BLOB,                     -- objectives, constraints, standard error; own unit and sign
    step     INTEGER,                  -- the last one done
    late     INTEGER NOT NULL DEFAULT 0, -- told after its lease had lapsed
    judged   INTEGER,                  -- the pruner has looked at its curve up to that step
    verdict  TEXT                      -- and says why it stops there; NULL: it goes on
) STRICT;
CREATE UNIQUE INDEX proposal_of_job ON proposal (job_id, number);
CREATE UNIQUE INDEX proposal_told ON proposal (job_id, told) WHERE told IS NOT NULL;
CREATE INDEX proposal_untold ON proposal (job_id) WHERE told IS NULL;
