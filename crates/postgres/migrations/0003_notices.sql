-- What operators have not been told yet: events of the reserved tenant that are not in the queue. `held_until` keeps a notice from
-- others while somebody announces it.
CREATE TABLE notices (
    sequence   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id         text COLLATE "C" NOT NULL UNIQUE,
    held_until timestamptz NOT NULL DEFAULT '-infinity',
    document   text NOT NULL
);
