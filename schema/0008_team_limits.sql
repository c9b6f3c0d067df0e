-- What teams keep and use, as far as it was not counted yet.

-- Event streams open at once; 0: no limit.
ALTER TABLE team ADD COLUMN max_streams INTEGER NOT NULL DEFAULT 64;

-- Beside its data sets, for max_bytes: files of its runs, as their workers said last, and rows of
-- their metrics. Kept with each change, since counting them takes a look at everything there is. Of
-- runs that ended before this step the files are not known and count nothing.
ALTER TABLE run ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE team ADD COLUMN run_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE team ADD COLUMN metric_rows INTEGER NOT NULL DEFAULT 0;
UPDATE team SET metric_rows = (
    SELECT coalesce(sum(series.count), 0) FROM job JOIN run ON run.job_id = job.id
    JOIN series ON series.run_id = run.id WHERE job.team_id = team.id);
CREATE TRIGGER run_bytes_of_team AFTER UPDATE OF bytes ON run WHEN new.bytes <> old.bytes BEGIN
    UPDATE team SET run_bytes = run_bytes + new.bytes - old.bytes
     WHERE id = (SELECT team_id FROM job WHERE id = new.job_id);
END;

-- JSON: slot-milliseconds used in each of the sixty minutes before at_ms, the last one first; those
-- at the end that are 0 are left out. NULL: not known.
ALTER TABLE team_usage ADD COLUMN hour TEXT;
