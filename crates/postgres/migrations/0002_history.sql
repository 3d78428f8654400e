-- What happened. Events, deliveries and attempts are partitioned by the day (days since 1970-01-01) on which the event was
-- accepted; Fanfare makes and drops the partitions. Every row costs time, so there are few indexes beside the keys, and they hold
-- no more than finds a few rows: lists are in the order of time and id, but rows of the same millisecond are sorted when they are
-- read, and an index on the time alone is a fifth as large.
-- Texts that others wrote (subjects, errors) have `\` written as `\\` and NUL, which text cannot hold, as `\0`.

CREATE TABLE events (
    day             integer NOT NULL,
    tenant          integer NOT NULL,
    id              text COLLATE "C" NOT NULL,
    type            text COLLATE "C" NOT NULL,
    subject         text COLLATE "C",
    subject_key     uuid,              -- the first half of the subject's SHA-256: subjects are longer than an index takes
    created_at      bigint NOT NULL,
    accepted_at     bigint NOT NULL,
    trial_for       uuid,              -- the one webhook that a ping or test is for
    stream_sequence bigint NOT NULL,
    stream_index    integer NOT NULL,
    size            bigint NOT NULL,
    PRIMARY KEY (tenant, id, day)
) PARTITION BY RANGE (day);
CREATE INDEX events_newest ON events (tenant, accepted_at);
CREATE INDEX events_about ON events (tenant, subject_key, accepted_at) WHERE subject_key IS NOT NULL;

CREATE TABLE deliveries (
    day              integer NOT NULL,
    id               uuid NOT NULL,
    tenant           integer NOT NULL,
    webhook          uuid NOT NULL,
    replay           uuid,             -- none: the first run
    event            text COLLATE "C", -- none until the routed record comes, where an attempt did not know it
    event_type       text COLLATE "C",
    accepted_at      bigint NOT NULL,
    stream_sequence  bigint NOT NULL,
    stream_index     integer NOT NULL,
    status           smallint NOT NULL, -- the rank: 0 pending, 1 retrying, 2 failed, 3 cancelled, 4 success
    decided_by       integer NOT NULL,  -- number of the attempt that brought this status
    next_attempt_at  bigint,
    error            text,
    attempt          integer NOT NULL,  -- the newest attempt
    attempted_at     bigint,
    status_code      integer,
    response_time_ms bigint,
    PRIMARY KEY (id, day)
) PARTITION BY RANGE (day);
CREATE INDEX deliveries_newest ON deliveries (webhook, accepted_at);
CREATE INDEX deliveries_of_event ON deliveries (tenant, event);

CREATE TABLE attempts (
    day              integer NOT NULL,
    delivery         uuid NOT NULL,
    id               uuid NOT NULL,
    late             boolean NOT NULL,
    tenant           integer NOT NULL,
    webhook          uuid NOT NULL,
    number           integer NOT NULL,
    manual           boolean NOT NULL,
    counts           boolean NOT NULL,  -- for the webhook's health
    started_at       bigint NOT NULL,
    response_time_ms bigint NOT NULL,
    status_code      integer,
    error            text,
    request_headers  text NOT NULL,     -- JSON: [[name, value], …]
    response_headers text NOT NULL,
    response_body    bytea NOT NULL,
    PRIMARY KEY (delivery, id, late, day)
) PARTITION BY RANGE (day);
CREATE INDEX attempts_failed ON attempts (webhook, started_at) WHERE counts AND error IS NOT NULL;

-- Each subject's newest event.
CREATE TABLE subjects (
    tenant      integer NOT NULL,
    subject_key uuid NOT NULL,
    subject     text NOT NULL,
    day         integer NOT NULL,
    accepted_at bigint NOT NULL,
    event       text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, subject_key)
);
CREATE INDEX subjects_newest ON subjects (tenant, accepted_at, subject_key);

-- What is counted for each webhook. Rows are changed all the time, so pages keep room for that.
CREATE TABLE webhook_health (
    tenant               integer NOT NULL,
    webhook              uuid NOT NULL,
    health_since         bigint NOT NULL DEFAULT -9223372036854775808,
    success_count        bigint NOT NULL DEFAULT 0,
    failure_count        bigint NOT NULL DEFAULT 0,
    last_triggered       bigint,
    last_success_at      bigint,
    consecutive_failures bigint NOT NULL DEFAULT 0,
    first_failure_at     bigint,
    last_failure_at      bigint,        -- of those in a row
    PRIMARY KEY (tenant, webhook)
) WITH (fillfactor = 60);

-- Days that have partitions, and the first day that is still kept (one row).
CREATE TABLE ledger_days (
    day integer PRIMARY KEY
);
CREATE TABLE ledger_floor (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    day    integer NOT NULL DEFAULT -2147483648
);
INSERT INTO ledger_floor DEFAULT VALUES;

-- Records that could not be written, for an operator to look at.
CREATE TABLE set_aside (
    id     bytea PRIMARY KEY,           -- SHA-256 of the record, so that a repeat is one row
    at     timestamptz NOT NULL DEFAULT now(),
    reason text NOT NULL,
    record text NOT NULL
);
