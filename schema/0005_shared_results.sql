-- Identical runs share their results, and tuning by halving stops runs half way.

-- A digest of what a run's results depend on beside the machine: specification, seed, data, worker
-- program. Noted when the run may first start; "mixed" where the program changed in its middle.
ALTER TABLE run ADD COLUMN content TEXT;

-- The run that trained what this one shows: rows of metrics, model and fingerprint are over there.
ALTER TABLE run ADD COLUMN reused_from INTEGER REFERENCES run;

-- How many rungs it has passed; a tuning run that waits and has begun stands at the next one.
ALTER TABLE run ADD COLUMN rung INTEGER NOT NULL DEFAULT 0;

CREATE INDEX run_by_content ON run (content) WHERE content IS NOT NULL;
