-- Current entries: key and content as JSON. Deleted ones are not there.
CREATE TABLE directory_entries (
    key      TEXT    PRIMARY KEY,
    revision INTEGER NOT NULL,
    entry    TEXT    NOT NULL
) WITHOUT ROWID;

-- The revision of the last change.
CREATE TABLE directory (
    revision INTEGER NOT NULL
);
INSERT INTO directory (revision) VALUES (0);
