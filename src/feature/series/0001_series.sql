-- Series, their points that have just come (the tail) and those that rest (blocks), roll-ups and retention.
-- docs/series-format.md tells what is in the columns of bytes.
-- up
CREATE TABLE series (
    id @ID,
    -- who made it; of a series without a project, whose it is
    owner_id BIGINT REFERENCES users (id) ON DELETE SET NULL,
    project_id BIGINT REFERENCES projects (id) ON DELETE CASCADE,
    name @TEXT NOT NULL,
    -- canonical JSON: an object of texts, keys sorted
    labels TEXT NOT NULL,
    unit TEXT,
    help TEXT,
    kind @INT NOT NULL CHECK (kind BETWEEN 0 AND 2),
    -- SHA-256 of whose it is, name and labels
    key @TEXT NOT NULL UNIQUE,
    created_at @TIME NOT NULL
);
CREATE INDEX series_owner ON series (owner_id);
CREATE INDEX series_project ON series (project_id, name);
CREATE INDEX series_name ON series (name);

-- A row an appended batch: small blocks of many series.
CREATE TABLE series_tail (
    id @ID,
    data @BYTES NOT NULL
);

-- Up to some thousands of points of one series; blocks of a series do not overlap.
CREATE TABLE series_blocks (
    id @ID,
    series_id BIGINT NOT NULL REFERENCES series (id) ON DELETE CASCADE,
    t_first BIGINT NOT NULL,
    t_last BIGINT NOT NULL,
    count BIGINT NOT NULL,
    numbers BIGINT NOT NULL,
    min @DOUBLE,
    max @DOUBLE,
    sum @DOUBLE,
    first @DOUBLE,
    last @DOUBLE,
    t_min BIGINT NOT NULL,
    t_max BIGINT NOT NULL,
    data @BYTES NOT NULL
);
CREATE INDEX series_blocks_place ON series_blocks (series_id, t_first);

-- What is left of points past their retention: rows of aggregates, some thousands in one block.
CREATE TABLE series_rollups (
    id @ID,
    series_id BIGINT NOT NULL REFERENCES series (id) ON DELETE CASCADE,
    -- microseconds that a row stands for
    width BIGINT NOT NULL,
    t_first BIGINT NOT NULL,
    t_last BIGINT NOT NULL,
    count BIGINT NOT NULL,
    data @BYTES NOT NULL
);
CREATE INDEX series_rollups_place ON series_rollups (series_id, width, t_first);

-- How long a project keeps what, in microseconds; 0: for ever. Without a row: the product's own.
CREATE TABLE series_retention (
    project_id BIGINT PRIMARY KEY REFERENCES projects (id) ON DELETE CASCADE,
    raw BIGINT NOT NULL,
    minutes BIGINT NOT NULL,
    hours BIGINT NOT NULL
);

-- One row. Whoever replaces blocks has read them under a generation and moves it on: of two, one fails.
CREATE TABLE series_state (
    id @INT PRIMARY KEY CHECK (id = 1),
    generation BIGINT NOT NULL
);
INSERT INTO series_state (id, generation) VALUES (1, 0);

-- down
DROP TABLE series_state;
DROP TABLE series_retention;
DROP TABLE series_rollups;
DROP TABLE series_blocks;
DROP TABLE series_tail;
DROP TABLE series;
