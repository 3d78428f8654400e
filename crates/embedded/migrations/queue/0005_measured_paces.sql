-- Since when, in milliseconds, a gate's pace has been growing; NULL if it is a limit, which does not grow.
ALTER TABLE schedule_gates ADD COLUMN since INTEGER;
