-- up
CREATE TABLE log_streams (
    id @ID,
    name TEXT NOT NULL UNIQUE
);

-- The hot tail. kind: 0 log, 1 metric, 2 event, 3 error; level: 0 none, 1 debug .. 5 fatal.
CREATE TABLE log_lines (
    id @ID,
    stream_id BIGINT NOT NULL REFERENCES log_streams (id),
    at @TIME NOT NULL,
    kind SMALLINT NOT NULL,
    level SMALLINT NOT NULL,
    text TEXT,
    data @JSON
);
CREATE INDEX log_lines_stream ON log_lines (stream_id, at, id);

-- Sealed lines of one stream, in time order; blocks of a stream may overlap.
CREATE TABLE log_blocks (
    id @ID,
    stream_id BIGINT NOT NULL REFERENCES log_streams (id),
    first_at @TIME NOT NULL,
    last_at @TIME NOT NULL,
    last_seq BIGINT NOT NULL,
    lines BIGINT NOT NULL,
    -- bits of the kinds that are in it, and its worst level
    kinds SMALLINT NOT NULL,
    level SMALLINT NOT NULL,
    filter @BYTES NOT NULL
);
CREATE INDEX log_blocks_last ON log_blocks (stream_id, last_at, id);
CREATE INDEX log_blocks_first ON log_blocks (stream_id, first_at, id);
CREATE INDEX log_blocks_age ON log_blocks (last_at);

CREATE TABLE log_bodies (
    block_id BIGINT PRIMARY KEY REFERENCES log_blocks (id) ON DELETE CASCADE,
    text @BYTES NOT NULL,
    rest @BYTES NOT NULL
);

-- down
DROP TABLE log_bodies;
DROP TABLE log_blocks;
DROP TABLE log_lines;
DROP TABLE log_streams;
