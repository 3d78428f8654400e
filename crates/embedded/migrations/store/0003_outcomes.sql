-- What became of deliveries, counted by tenant and span: 60 or 3,600 seconds, from `start` on. `deliveries` are those of events that
-- were accepted then, `ended` those of them that have ended since. `response_times` is a JSON array of counts.
CREATE TABLE outcomes (
    tenant INTEGER NOT NULL,
    span INTEGER NOT NULL,
    start INTEGER NOT NULL,
    deliveries INTEGER NOT NULL DEFAULT 0,
    ended INTEGER NOT NULL DEFAULT 0,
    delivered INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    failed_attempts INTEGER NOT NULL DEFAULT 0,
    response_times TEXT NOT NULL DEFAULT '[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]',
    waiting INTEGER,
    oldest_waiting INTEGER,
    PRIMARY KEY (tenant, span, start)
) WITHOUT ROWID;
CREATE INDEX outcomes_by_time ON outcomes (span, start);
CREATE INDEX open_outcomes ON outcomes (tenant, span, start) WHERE deliveries > ended;

-- `routed`: the routed record has been written, and with it the delivery counted. `was`: how the row was before it was last merged,
-- its status and 8 more if it was routed; none if it was not there.
ALTER TABLE deliveries ADD COLUMN routed INTEGER NOT NULL DEFAULT 1;
ALTER TABLE deliveries ADD COLUMN was INTEGER;

CREATE INDEX failing_webhooks ON webhook_stats (tenant, failures_in_a_row) WHERE failures_in_a_row > 0;

-- Sessions of the dashboard and of portals, and links that open one, by the SHA-256 of their secret.
CREATE TABLE passes (
    hash BLOB PRIMARY KEY,
    link INTEGER NOT NULL,
    portal_of INTEGER,
    expires_at INTEGER NOT NULL,
    document TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX passes_of_portal ON passes (portal_of) WHERE portal_of IS NOT NULL;
CREATE INDEX passes_by_end ON passes (expires_at);
