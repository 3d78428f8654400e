-- Whether anything is open, as a column of its own: it seldom changes while the counts do all the time, and only a change of what an
-- index holds, its condition included, costs an entry in each of them.
DROP INDEX outcomes_open;
ALTER TABLE outcomes ADD COLUMN open boolean NOT NULL GENERATED ALWAYS AS (deliveries > ended) STORED;
CREATE INDEX outcomes_open ON outcomes (tenant, span, start) WHERE open;
