-- Which node runs a repeated job until when (main/jobs.c).
-- up
CREATE TABLE job_lease (
    name        TEXT PRIMARY KEY,
    holder      @UUID NOT NULL,
    held_until  @TIME NOT NULL,
    next_at     @TIME NOT NULL
);
-- down
DROP TABLE job_lease;
