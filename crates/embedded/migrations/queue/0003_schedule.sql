-- What waits. key is the whole reference of the delivery.
CREATE TABLE schedule_entries (
    key     BLOB    PRIMARY KEY,
    webhook BLOB    NOT NULL,
    tenant  INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    due     INTEGER NOT NULL,
    -- It came from, or is in, its webhook's own queue.
    parked  INTEGER NOT NULL,
    -- From when on it can be claimed; NULL while it is in its webhook's own queue.
    visible INTEGER,
    -- visible is the end of a claim.
    claimed INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX schedule_entries_visible ON schedule_entries (visible) WHERE visible IS NOT NULL;
CREATE INDEX schedule_entries_queued ON schedule_entries (webhook, due) WHERE visible IS NULL;

-- The gates of webhooks' own queues.
CREATE TABLE schedule_gates (
    webhook    BLOB    PRIMARY KEY,
    per_second REAL    NOT NULL,
    burst      INTEGER NOT NULL,
    -- When, in microseconds, what was let through will have been paid off at this pace.
    paid_at    REAL    NOT NULL,
    -- When the pace lets the next one through, in milliseconds.
    free_at    INTEGER NOT NULL,
    -- When the next one that waits can go; NULL if none waits.
    opens_at   INTEGER
) WITHOUT ROWID;
CREATE INDEX schedule_gates_opening ON schedule_gates (opens_at) WHERE opens_at IS NOT NULL;

-- The journal position up to which changes are in here.
CREATE TABLE schedule_position (
    sequence INTEGER,
    record   INTEGER
);
INSERT INTO schedule_position (sequence, record) VALUES (NULL, NULL);
