-- What became of deliveries, counted by tenant and span: 60 or 3,600 seconds, from `start` (milliseconds) on. Rows of the present are
-- changed all the time, so pages keep room for that.
CREATE TABLE outcomes (
    tenant          integer NOT NULL,
    span            integer NOT NULL,
    start           bigint NOT NULL,
    deliveries      bigint NOT NULL DEFAULT 0, -- of events that were accepted then
    ended           bigint NOT NULL DEFAULT 0, -- those of them that have ended since
    delivered       bigint NOT NULL DEFAULT 0,
    failed          bigint NOT NULL DEFAULT 0,
    attempts        bigint NOT NULL DEFAULT 0,
    failed_attempts bigint NOT NULL DEFAULT 0,
    response_times  bigint[] NOT NULL DEFAULT array_fill(0::bigint, ARRAY[32]),
    PRIMARY KEY (tenant, span, start)
) WITH (fillfactor = 60);
CREATE INDEX outcomes_of_all ON outcomes (span, start);
CREATE INDEX outcomes_open ON outcomes (tenant, span, start) WHERE deliveries > ended;

-- What waited when that was last noted within a span, and since when; nothing, where there is no row. Apart from what is counted, so
-- that noting it holds up nobody who counts.
CREATE TABLE outcomes_waiting (
    tenant     integer NOT NULL,
    span       integer NOT NULL,
    start      bigint NOT NULL,
    deliveries bigint NOT NULL,
    oldest     bigint,
    PRIMARY KEY (tenant, span, start)
);
CREATE INDEX outcomes_waiting_of_all ON outcomes_waiting (span, start);

-- `routed`: the routed record has been written, and with it the delivery counted. `was`: how the row was before its last change, its
-- status and 8 more if it was routed; none if it was not there. No index has them, so that they cost next to nothing.
ALTER TABLE deliveries
    ADD COLUMN routed boolean NOT NULL DEFAULT true,
    ADD COLUMN was smallint;

CREATE INDEX webhook_health_failing ON webhook_health (tenant, consecutive_failures) WHERE consecutive_failures > 0;

-- Sessions of the dashboard and of portals, and links that open one, by the SHA-256 of their secret.
CREATE TABLE passes (
    hash       bytea PRIMARY KEY,
    link       boolean NOT NULL,
    portal_of  integer,
    expires_at bigint NOT NULL,
    document   text NOT NULL
);
CREATE INDEX passes_of_portal ON passes (portal_of) WHERE portal_of IS NOT NULL;
CREATE INDEX passes_by_end ON passes (expires_at);
