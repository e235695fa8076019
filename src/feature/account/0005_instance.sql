-- up
-- What tells this Netbit from another on the same host: the cookies of its page carry it, as cookies do not know ports.
CREATE TABLE instance (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    name TEXT NOT NULL
);

-- down
DROP TABLE instance;
