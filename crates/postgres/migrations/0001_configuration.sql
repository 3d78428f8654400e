-- Configuration: each thing as a JSON document, and beside it the columns that it is found by. Times are milliseconds since
-- 1970-01-01 UTC. Numbers of tenants are 32 bits without a sign, kept in an integer's bits. Documents are text, not jsonb,
-- which holds no \u0000.

CREATE SEQUENCE tenant_numbers AS integer;

CREATE TABLE tenants (
    number     integer PRIMARY KEY,
    id         text COLLATE "C" NOT NULL UNIQUE,
    version    bigint NOT NULL,
    created_at bigint NOT NULL,
    document   text NOT NULL
);

CREATE TABLE webhooks (
    id         uuid PRIMARY KEY,
    tenant     integer NOT NULL REFERENCES tenants (number),
    version    bigint NOT NULL,
    created_at bigint NOT NULL,
    document   text NOT NULL
);
CREATE INDEX webhooks_newest ON webhooks (tenant, created_at, id);

CREATE TABLE event_types (
    tenant     integer NOT NULL REFERENCES tenants (number),
    name       text COLLATE "C" NOT NULL,
    version    bigint NOT NULL,
    created_at bigint NOT NULL,
    document   text NOT NULL,
    PRIMARY KEY (tenant, name)
);

CREATE TABLE api_keys (
    id         uuid PRIMARY KEY,
    tenant     integer REFERENCES tenants (number),
    created_at bigint NOT NULL,
    document   text NOT NULL
);
CREATE INDEX api_keys_of_tenant ON api_keys (tenant);

-- Tenants that were deleted. Their numbers stay for ever, so that what still comes for them is known.
CREATE TABLE erasures (
    tenant integer PRIMARY KEY,
    done   boolean NOT NULL DEFAULT false
);

CREATE TABLE audit (
    sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document text NOT NULL
);

-- What the directory has not been told: key and entry as JSON; no entry means that it is gone.
CREATE TABLE outbox (
    sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key      text NOT NULL,
    entry    text
);

-- Who tells the directory, until when, and up to which item. One row.
CREATE TABLE outbox_turn (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    holder text,
    until  timestamptz NOT NULL DEFAULT '-infinity',
    given  bigint NOT NULL DEFAULT 0
);
INSERT INTO outbox_turn DEFAULT VALUES;

CREATE TABLE replays (
    id         uuid PRIMARY KEY,
    tenant     integer NOT NULL,
    created_at bigint NOT NULL,
    running    boolean NOT NULL,
    document   text NOT NULL,
    holder     text,
    until      bigint
);
CREATE INDEX replays_running ON replays (created_at, id) WHERE running;
CREATE INDEX replays_of_tenant ON replays (tenant);
