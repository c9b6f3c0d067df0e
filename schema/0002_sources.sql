-- Arms that start from other arms: which do, and what their runs' specifications say of it.

-- JSON, a list with one entry an arm: null, {"kind": "refined", "arm": 0} (its schedule comes from
-- the gradient norms of that arm) or {"kind": "branch", "arm": 0, "at": 0.8} (its runs go on from
-- that arm's runs there). NULL: none does.
ALTER TABLE job_text ADD COLUMN sources TEXT;

-- JSON, laid over the variant's specification for this run alone (RFC 7396): {"keep_at": [0.8]} of
-- a run that others go on from, {"branch": {"run": 7, "step": 80}} of one that does. NULL: nothing.
ALTER TABLE run ADD COLUMN overlay TEXT;
