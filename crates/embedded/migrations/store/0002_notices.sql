-- What operators have not been told yet: events of the reserved tenant that are not in the queue. `held_until` keeps a notice from
-- others while somebody announces it.
CREATE TABLE notices (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    held_until INTEGER NOT NULL DEFAULT 0,
    document TEXT NOT NULL
);

-- When the newest of the failures in a row started.
ALTER TABLE webhook_stats ADD COLUMN last_failure INTEGER;
UPDATE webhook_stats SET last_failure = (
    SELECT max(started) FROM attempts
    WHERE attempts.tenant = webhook_stats.tenant AND attempts.webhook = webhook_stats.webhook
        AND counted_failure = 1 AND started > in_a_row_after);
