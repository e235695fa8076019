-- up
-- To what an operation was done, as the API knows it; `target` stays its name. Entries of before have neither, and their hashes do not cover them.
ALTER TABLE audit_log ADD COLUMN target_kind TEXT;
ALTER TABLE audit_log ADD COLUMN target_id TEXT;

-- down
ALTER TABLE audit_log DROP COLUMN target_id;
ALTER TABLE audit_log DROP COLUMN target_kind;
