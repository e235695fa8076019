-- What the administrator calls the node; one row.
-- up
CREATE TABLE node_settings (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    name TEXT
);
INSERT INTO node_settings (one, name) VALUES (1, NULL);
-- down
DROP TABLE node_settings;
