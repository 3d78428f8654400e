-- Times are Unix milliseconds, days are days since 1970-01-01, ids of 16 bytes are BLOBs, and what a word says elsewhere is a
-- number here where it is sorted or compared: deliveries.status is DeliveryStatus::rank. A sequence is the signed number of
-- the same 64 bits.

-- Configuration: documents, and beside them what they are found by.

-- AUTOINCREMENT never gives out a number twice, not even after its row is gone.
CREATE TABLE tenant_numbers (
    number INTEGER PRIMARY KEY AUTOINCREMENT
);

CREATE TABLE tenants (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    document TEXT NOT NULL
);

CREATE TABLE webhooks (
    id BLOB PRIMARY KEY,
    tenant INTEGER NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    health_since INTEGER NOT NULL,
    document TEXT NOT NULL
);
CREATE INDEX webhooks_of_tenant ON webhooks (tenant, created_at, id);

CREATE TABLE event_types (
    tenant INTEGER NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (tenant, name)
) WITHOUT ROWID;

CREATE TABLE api_keys (
    id BLOB PRIMARY KEY,
    tenant INTEGER,
    hash BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    document TEXT NOT NULL
);
CREATE INDEX api_keys_of_tenant ON api_keys (tenant);

CREATE TABLE audit (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    document TEXT NOT NULL
);
CREATE INDEX audit_by_time ON audit (at, sequence);

-- What the directory has not been told yet; no entry means that it is gone.
CREATE TABLE outbox (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL,
    entry TEXT
);

-- Who tells it, until when, and up to which sequence that one was given items.
CREATE TABLE outbox_lease (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    holder TEXT NOT NULL,
    until INTEGER NOT NULL,
    given INTEGER NOT NULL
);

-- Deleted tenants. Rows stay after the erasure, so that nothing late brings anything back.
CREATE TABLE erasures (
    tenant INTEGER PRIMARY KEY,
    erased INTEGER NOT NULL DEFAULT 0
);

-- What happened. `day` is the one on which the event was accepted; ids are unique within it.

CREATE TABLE events (
    tenant INTEGER NOT NULL,
    id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    subject TEXT,
    created INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    day INTEGER NOT NULL,
    trial INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    place INTEGER NOT NULL,
    size INTEGER NOT NULL
);
CREATE UNIQUE INDEX events_by_id ON events (tenant, id, day);
CREATE INDEX events_by_time ON events (tenant, accepted, id);
CREATE INDEX events_by_day ON events (day);
CREATE INDEX events_by_subject ON events (tenant, subject, accepted, id) WHERE subject IS NOT NULL;

-- The newest event of each subject.
CREATE TABLE subjects (
    tenant INTEGER NOT NULL,
    subject TEXT NOT NULL,
    accepted INTEGER NOT NULL,
    day INTEGER NOT NULL,
    event TEXT NOT NULL
);
CREATE UNIQUE INDEX subjects_by_name ON subjects (tenant, subject);
CREATE INDEX subjects_by_time ON subjects (tenant, accepted, event);
CREATE INDEX subjects_by_day ON subjects (day);

-- `event` and `event_type` are missing until a record names them; such a row is not shown yet. `status`, `step` (the attempt's
-- number), `due` and `error` are one standing and change together; so do those that begin with `newest`.
CREATE TABLE deliveries (
    row INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    tenant INTEGER NOT NULL,
    webhook BLOB NOT NULL,
    event TEXT,
    event_type TEXT,
    replay BLOB,
    sequence INTEGER NOT NULL,
    place INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    day INTEGER NOT NULL,
    status INTEGER NOT NULL,
    step INTEGER NOT NULL,
    due INTEGER,
    error TEXT,
    newest_number INTEGER NOT NULL,
    newest_started INTEGER NOT NULL,
    newest_status_code INTEGER,
    newest_response_time INTEGER
);
CREATE UNIQUE INDEX deliveries_by_id ON deliveries (id, day);
CREATE INDEX deliveries_of_event ON deliveries (tenant, event, day, webhook);
CREATE INDEX deliveries_of_webhook ON deliveries (webhook, accepted, id);
CREATE INDEX deliveries_by_day ON deliveries (day);
-- Few deliveries are anything but successful (4), and those are what is looked for.
CREATE INDEX open_deliveries_by_time ON deliveries (tenant, accepted, event) WHERE status <> 4;
CREATE INDEX open_deliveries_of_webhook ON deliveries (webhook, status, accepted, id) WHERE status <> 4;

-- `delivery` is the delivery's row: rows follow one another in time, as ids do not, so that new attempts lie side by side.
CREATE TABLE attempts (
    delivery INTEGER NOT NULL,
    id BLOB NOT NULL,
    late INTEGER NOT NULL,
    tenant INTEGER NOT NULL,
    webhook BLOB NOT NULL,
    number INTEGER NOT NULL,
    manual INTEGER NOT NULL,
    started INTEGER NOT NULL,
    response_time INTEGER NOT NULL,
    status_code INTEGER,
    error TEXT,
    counted_failure INTEGER NOT NULL,
    request_headers TEXT NOT NULL,
    response_headers TEXT NOT NULL,
    response_body BLOB NOT NULL,
    PRIMARY KEY (delivery, id, late)
) WITHOUT ROWID;
CREATE INDEX counted_failures ON attempts (tenant, webhook, started) WHERE counted_failure = 1;

-- `failures_in_a_row` counts the counted failures that started after `in_a_row_after`.
CREATE TABLE webhook_stats (
    tenant INTEGER NOT NULL,
    webhook BLOB NOT NULL,
    last_triggered INTEGER,
    success_count INTEGER NOT NULL,
    failure_count INTEGER NOT NULL,
    last_success INTEGER,
    in_a_row_after INTEGER NOT NULL,
    failures_in_a_row INTEGER NOT NULL,
    first_failure INTEGER,
    PRIMARY KEY (tenant, webhook)
) WITHOUT ROWID;

-- The first day that is still kept.
CREATE TABLE kept_days (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    first_day INTEGER NOT NULL
);

-- Records that could not be written, for an operator to see.
CREATE TABLE set_aside (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    record TEXT NOT NULL
);

CREATE TABLE replays (
    id BLOB PRIMARY KEY,
    tenant INTEGER NOT NULL,
    webhook BLOB NOT NULL,
    running INTEGER NOT NULL,
    holder TEXT,
    held_until INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    document TEXT NOT NULL
);
CREATE INDEX running_replays ON replays (created_at) WHERE running = 1;
