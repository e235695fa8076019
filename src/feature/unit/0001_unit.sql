-- up
CREATE TABLE spark_agents (
    id @ID,
    agent_id @UUID NOT NULL UNIQUE,
    owner_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    host TEXT,
    os TEXT,
    arch TEXT,
    version TEXT,
    boot_id TEXT,
    created_at @TIME NOT NULL,
    connected_at @TIME NOT NULL,
    last_seen_at @TIME NOT NULL
);
CREATE INDEX spark_agents_owner ON spark_agents (owner_id);

-- The last report of each life of an agent's spool that is stored here.
CREATE TABLE spark_agent_spools (
    agent_id @UUID NOT NULL REFERENCES spark_agents (agent_id) ON DELETE CASCADE,
    epoch @UUID NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (agent_id, epoch)
);

CREATE TABLE spark_remote_units (
    id @ID,
    unit_id @UUID NOT NULL UNIQUE,
    name TEXT NOT NULL,
    package_id BIGINT NOT NULL REFERENCES spark_packages (id),
    package_version_id BIGINT NOT NULL REFERENCES spark_package_versions (id),
    owner_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    project_id BIGINT REFERENCES projects (id) ON DELETE SET NULL,
    -- no foreign key: a unit may be made before its agent has ever connected
    agent_id @UUID,
    device_name TEXT,
    device_os TEXT,
    status TEXT NOT NULL CHECK (status IN ('starting', 'running', 'stopped', 'failed', 'paused')),
    reason TEXT,
    pid INTEGER,
    port INTEGER,
    restarts BIGINT NOT NULL DEFAULT 0,
    exit_code INTEGER,
    cpu_percent @DOUBLE,
    rss_bytes BIGINT,
    vsz_bytes BIGINT,
    threads BIGINT,
    open_files BIGINT,
    read_bytes BIGINT,
    written_bytes BIGINT,
    started_at @TIME,
    stopped_at @TIME,
    last_heartbeat @TIME,
    -- when its agent saw the status, by the agent's clock: reports that are older never overwrite it
    observed_at @TIME,
    -- what its owner wants, and the command that its agent has not yet done
    desired TEXT NOT NULL CHECK (desired IN ('running', 'stopped', 'paused', 'removed')),
    command_id @UUID,
    command_action TEXT,
    command_at @TIME,
    command_error TEXT,
    -- set when nothing runs any more: a job then deletes its telemetry and the row
    removed_at @TIME,
    created_at @TIME NOT NULL
);
CREATE INDEX spark_remote_units_owner ON spark_remote_units (owner_id);
CREATE INDEX spark_remote_units_project ON spark_remote_units (project_id);
CREATE INDEX spark_remote_units_status ON spark_remote_units (status, last_heartbeat);
CREATE INDEX spark_remote_units_package ON spark_remote_units (package_id);
CREATE INDEX spark_remote_units_version ON spark_remote_units (package_version_id);
CREATE INDEX spark_remote_units_agent ON spark_remote_units (agent_id);
CREATE INDEX spark_remote_units_pending ON spark_remote_units (agent_id) WHERE command_id IS NOT NULL;
CREATE INDEX spark_remote_units_removed ON spark_remote_units (removed_at) WHERE removed_at IS NOT NULL;

CREATE TABLE spark_unit_telemetry (
    id @ID,
    unit_id @UUID NOT NULL REFERENCES spark_remote_units (unit_id) ON DELETE CASCADE,
    telemetry_type TEXT NOT NULL CHECK (telemetry_type IN ('log', 'metric', 'event', 'error')),
    level TEXT CHECK (level IN ('debug', 'info', 'warn', 'error', 'fatal')),
    message TEXT,
    data @JSON,
    timestamp @TIME NOT NULL
);
CREATE INDEX spark_unit_telemetry_unit ON spark_unit_telemetry (unit_id, timestamp);
CREATE INDEX spark_unit_telemetry_timestamp ON spark_unit_telemetry (timestamp);
CREATE INDEX spark_unit_telemetry_type ON spark_unit_telemetry (telemetry_type);

-- down
DROP TABLE spark_unit_telemetry;
DROP TABLE spark_remote_units;
DROP TABLE spark_agent_spools;
DROP TABLE spark_agents;
