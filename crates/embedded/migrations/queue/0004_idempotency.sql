-- Publishers' own ids: claimed, or confirmed, until a time.
CREATE TABLE published_ids (
    row       INTEGER PRIMARY KEY,
    tenant    INTEGER NOT NULL,
    event     TEXT    NOT NULL,
    confirmed INTEGER NOT NULL,
    until     INTEGER NOT NULL,
    UNIQUE (tenant, event)
);
CREATE INDEX published_ids_until ON published_ids (until);
