-- up
-- Records of units rest in the log store (feature/log) from now on.
INSERT INTO log_streams (name) SELECT DISTINCT 'unit/' || CAST(unit_id AS TEXT) FROM spark_unit_telemetry;
INSERT INTO log_lines (stream_id, at, kind, level, text, data)
    SELECT s.id, t.timestamp,
        CASE t.telemetry_type WHEN 'log' THEN 0 WHEN 'metric' THEN 1 WHEN 'event' THEN 2 ELSE 3 END,
        CASE t.level WHEN 'debug' THEN 1 WHEN 'info' THEN 2 WHEN 'warn' THEN 3 WHEN 'error' THEN 4
            WHEN 'fatal' THEN 5 ELSE 0 END,
        t.message, t.data
    FROM spark_unit_telemetry t JOIN log_streams s ON s.name = 'unit/' || CAST(t.unit_id AS TEXT)
    ORDER BY t.id;
DROP TABLE spark_unit_telemetry;

-- down
-- Lines that are sealed in blocks by then stay in the log store.
CREATE TABLE spark_unit_telemetry (
    id @ID,
    unit_id @UUID NOT NULL REFERENCES spark_remote_units (unit_id) ON DELETE CASCADE,
    telemetry_type TEXT NOT NULL CHECK (telemetry_type IN ('log', 'metric', 'event', 'error')),
    level TEXT CHECK (level IN ('debug', 'info', 'warn', 'error', 'fatal')),
    message TEXT,
    data @JSON,
    timestamp @TIME NOT NULL
);
INSERT INTO spark_unit_telemetry (unit_id, telemetry_type, level, message, data, timestamp)
    SELECT u.unit_id,
        CASE l.kind WHEN 0 THEN 'log' WHEN 1 THEN 'metric' WHEN 2 THEN 'event' ELSE 'error' END,
        CASE l.level WHEN 1 THEN 'debug' WHEN 2 THEN 'info' WHEN 3 THEN 'warn' WHEN 4 THEN 'error'
            WHEN 5 THEN 'fatal' END,
        l.text, l.data, l.at
    FROM log_lines l JOIN log_streams s ON s.id = l.stream_id
    JOIN spark_remote_units u ON s.name = 'unit/' || CAST(u.unit_id AS TEXT)
    ORDER BY l.id;
DELETE FROM log_lines WHERE stream_id IN (SELECT id FROM log_streams WHERE name LIKE 'unit/%');
CREATE INDEX spark_unit_telemetry_unit ON spark_unit_telemetry (unit_id, timestamp);
CREATE INDEX spark_unit_telemetry_timestamp ON spark_unit_telemetry (timestamp);
CREATE INDEX spark_unit_telemetry_type ON spark_unit_telemetry (telemetry_type);
