-- The sequence of the journal up to which the schedule is being read anew, or was: what is restated up to there counts.
ALTER TABLE schedule_position ADD COLUMN anew_until INTEGER NOT NULL DEFAULT 0;
