-- up
ALTER TABLE spark_remote_units ADD COLUMN memory_limit_bytes BIGINT;

-- down
ALTER TABLE spark_remote_units DROP COLUMN memory_limit_bytes;
