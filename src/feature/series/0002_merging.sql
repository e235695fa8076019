-- Of several nodes one merges at a time: until when the one that does has it for itself (microseconds).
-- up
ALTER TABLE series_state ADD COLUMN merging_until BIGINT NOT NULL DEFAULT 0;
-- down
ALTER TABLE series_state DROP COLUMN merging_until;
