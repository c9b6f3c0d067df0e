-- Jobs, runs, metrics and data sets, as sweepd keeps them. Times are milliseconds since 1970.
-- The names of kinds, phases and states are those of server/jobs/plan.h and server/jobs/state.h.

-- One row a job, and small: every change of a run rewrites it. What is long stands in job_text.
-- The seven counts say how many of its runs are in which state; they change with the run, in the
-- same transaction. The state of the job is computed from them, so it cannot disagree.
CREATE TABLE job (
    id            INTEGER PRIMARY KEY,
    kind          TEXT NOT NULL,
    name          TEXT NOT NULL,
    priority      INTEGER NOT NULL,
    paused        INTEGER NOT NULL DEFAULT 0,
    created_ms    INTEGER NOT NULL,
    started_ms    INTEGER,
    finished_ms   INTEGER,
    waiting       INTEGER NOT NULL DEFAULT 0,
    queued        INTEGER NOT NULL DEFAULT 0,
    running       INTEGER NOT NULL DEFAULT 0,
    succeeded     INTEGER NOT NULL DEFAULT 0,
    pruned        INTEGER NOT NULL DEFAULT 0,
    cancelled     INTEGER NOT NULL DEFAULT 0,
    failed        INTEGER NOT NULL DEFAULT 0,
    point_count   INTEGER NOT NULL,
    baseline      INTEGER,           -- an arm: its place in job_text.arms
    metric_name   TEXT NOT NULL,
    metric_goal   TEXT NOT NULL,     -- minimize, maximize
    metric_at     TEXT NOT NULL,     -- last, best
    state TEXT AS (
        CASE
            WHEN waiting + queued + running = 0 THEN
                CASE WHEN cancelled > 0 THEN 'cancelled'
                     WHEN succeeded + pruned = 0 THEN 'failed'
                     ELSE 'succeeded' END
            WHEN paused THEN 'paused'
            WHEN running + succeeded + pruned + cancelled + failed > 0 THEN 'running'
            ELSE 'queued'
        END) VIRTUAL
) STRICT;
CREATE INDEX job_by_state ON job (state);

CREATE TABLE job_text (
    job_id  INTEGER PRIMARY KEY REFERENCES job,
    request TEXT NOT NULL,           -- as submitted, JSON
    arms    TEXT NOT NULL            -- JSON list of their names
) STRICT;

-- One fully resolved specification without its seed.
CREATE TABLE variant (
    id      INTEGER PRIMARY KEY,
    job_id  INTEGER NOT NULL REFERENCES job,
    arm     INTEGER NOT NULL,        -- -1: of a job without arms
    point   INTEGER NOT NULL,        -- of the tuning grid
    threads INTEGER NOT NULL,
    dataset TEXT,                    -- its name; NULL: an analytic problem
    spec    TEXT NOT NULL,           -- JSON
    tuned   TEXT NOT NULL            -- JSON: pointer to chosen value
) STRICT;
CREATE INDEX variant_of_job ON variant (job_id);

CREATE TABLE run (
    id                     INTEGER PRIMARY KEY,
    job_id                 INTEGER NOT NULL REFERENCES job,
    number                 INTEGER NOT NULL,           -- 0 … within the job
    variant_id             INTEGER REFERENCES variant, -- NULL: its arm is not tuned yet
    arm                    INTEGER NOT NULL,
    point                  INTEGER NOT NULL,
    phase                  TEXT NOT NULL,
    seed                   INTEGER NOT NULL,           -- 64 bits, read as unsigned
    state                  TEXT NOT NULL,
    attempt                INTEGER NOT NULL DEFAULT 0,
    attempts_lost          INTEGER NOT NULL DEFAULT 0,
    queued_ms              INTEGER,
    started_ms             INTEGER,
    finished_ms            INTEGER,
    objective              REAL,
    step                   INTEGER,                    -- the last one done
    steps                  INTEGER,                    -- planned
    reason                 TEXT,
    message                TEXT,
    worker                 TEXT,
    fingerprint            TEXT,                       -- JSON: what the bits depend on
    checkpoint_step        INTEGER,
    checkpoint_fingerprint TEXT,
    resumed_step           INTEGER,
    resume_mismatches      INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX run_of_job ON run (job_id);
CREATE INDEX run_by_state ON run (job_id, state);

CREATE TABLE metric_name (
    id      INTEGER PRIMARY KEY,
    name    TEXT NOT NULL UNIQUE,
    repeats INTEGER NOT NULL         -- 1: a resumed run computes the same bits again
) STRICT;

-- No foreign keys here and in series: the writer looks at the run once a batch of rows, to compare
-- the attempt, so a check of every row would only cost.
CREATE TABLE metric (
    run_id  INTEGER NOT NULL,
    name_id INTEGER NOT NULL,
    step    INTEGER NOT NULL,
    value   REAL,                    -- NULL: not finite
    wall_ms INTEGER NOT NULL,        -- training time of the run so far
    PRIMARY KEY (run_id, name_id, step)
) STRICT, WITHOUT ROWID;

-- What lists and objectives need of a series, kept in the transaction that adds its rows.
CREATE TABLE series (
    run_id      INTEGER NOT NULL,
    name_id     INTEGER NOT NULL,
    count       INTEGER NOT NULL,
    last_step   INTEGER NOT NULL,
    first       REAL,
    last        REAL,
    best_low    REAL,                -- of the finite values; NULL: there is none
    best_high   REAL,
    open_rows   INTEGER NOT NULL,    -- in the last of open_blocks
    open_blocks BLOB NOT NULL,       -- those that will be its next row of metric_blocks
    PRIMARY KEY (run_id, name_id)
) STRICT, WITHOUT ROWID;

-- What a reduction of a long series needs of 256 of its rows or more, packed as
-- server/store/blocks.h says; covers the steps after the group before it up to its own last_step.
-- All of it can be computed from metric. Appended, so that the groups of many series fill one page.
CREATE TABLE metric_blocks (
    id        INTEGER PRIMARY KEY,
    run_id    INTEGER NOT NULL,
    name_id   INTEGER NOT NULL,
    last_step INTEGER NOT NULL,
    blocks    BLOB NOT NULL,
    UNIQUE (run_id, name_id, last_step)
) STRICT;

CREATE TABLE log (
    id      INTEGER PRIMARY KEY,
    run_id  INTEGER NOT NULL REFERENCES run,
    attempt INTEGER NOT NULL,
    wall_ms INTEGER NOT NULL,        -- when it was written
    text    TEXT NOT NULL
) STRICT;
CREATE INDEX log_of_run ON log (run_id);

CREATE TABLE dataset (
    name       TEXT PRIMARY KEY,
    format     TEXT NOT NULL,        -- or built-in
    file       TEXT NOT NULL,        -- in the cache folder; several names may share one
    digest     TEXT NOT NULL,
    bytes      INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    summary    TEXT NOT NULL         -- JSON
) STRICT;

-- What a POST with an Idempotency-Key made; kept for 7 days.
CREATE TABLE idempotency (
    key        TEXT PRIMARY KEY,
    digest     TEXT NOT NULL,        -- of the body
    job_id     INTEGER NOT NULL REFERENCES job,
    created_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_age ON idempotency (created_ms);
