-- How many deliveries have not succeeded, by tenant and by the minute (its first millisecond) in which their events were accepted: lists of
-- what was not delivered look into these minutes alone. It falls below zero while a delivery's success is known and its routed record is
-- not. Rows that have come to zero are removed; pages keep room for those that change all the time.
CREATE TABLE undelivered (
    tenant     integer NOT NULL,
    minute     bigint NOT NULL,
    deliveries bigint NOT NULL,
    PRIMARY KEY (tenant, minute)
) WITH (fillfactor = 60);

-- What had happened before: status 4 is success.
INSERT INTO undelivered (tenant, minute, deliveries)
SELECT tenant, accepted_at / 60000 * 60000, SUM(routed::integer - (status = 4)::integer)
FROM deliveries
GROUP BY 1, 2
HAVING SUM(routed::integer - (status = 4)::integer) <> 0;
