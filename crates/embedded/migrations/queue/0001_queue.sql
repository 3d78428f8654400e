-- Messages of all streams. place = stream * 2^56 + sequence, so that a stream lies together and in order.
CREATE TABLE messages (
    place     INTEGER PRIMARY KEY,
    topic     INTEGER NOT NULL,
    stored_at INTEGER NOT NULL,
    pack      BLOB    NOT NULL
);
CREATE INDEX messages_by_topic ON messages (topic, place);

-- What each stream holds. The last sequence outlives its message, so that none is given out twice.
CREATE TABLE streams (
    stream INTEGER PRIMARY KEY,
    first  INTEGER NOT NULL,
    last   INTEGER NOT NULL,
    bytes  INTEGER NOT NULL
);
INSERT INTO streams (stream, first, last, bytes) VALUES (1, 1, 0, 0), (2, 1, 0, 0), (3, 1, 0, 0), (4, 1, 0, 0);

-- How far each consumer is: everything up to the sequence `cursor` has been handed out, and is finished but for `open`.
CREATE TABLE consumers (
    consumer INTEGER PRIMARY KEY,
    cursor   INTEGER NOT NULL,
    open     BLOB    NOT NULL
);
