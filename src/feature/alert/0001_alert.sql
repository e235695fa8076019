-- up
-- A scope is a person's own (owner_id) or a project's (project_id).
CREATE TABLE alert_rules (
    id @ID,
    owner_id BIGINT REFERENCES users (id) ON DELETE CASCADE,
    project_id BIGINT REFERENCES projects (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('above', 'below', 'absent', 'unit_failed', 'unit_memory', 'unit_cpu')),
    severity TEXT NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
    builtin @BOOL NOT NULL,
    enabled @BOOL NOT NULL,
    series TEXT,
    labels @JSON NOT NULL,
    threshold @DOUBLE NOT NULL,
    hysteresis @DOUBLE NOT NULL,
    for_s BIGINT NOT NULL,
    channels @JSON NOT NULL,
    created_at @TIME NOT NULL,
    updated_at @TIME NOT NULL,
    CHECK ((owner_id IS NULL) <> (project_id IS NULL))
);
CREATE INDEX alert_rules_owner ON alert_rules (owner_id);
CREATE INDEX alert_rules_project ON alert_rules (project_id);
CREATE UNIQUE INDEX alert_rules_builtin_own ON alert_rules (owner_id, kind) WHERE builtin AND owner_id IS NOT NULL;
CREATE UNIQUE INDEX alert_rules_builtin_project ON alert_rules (project_id, kind) WHERE builtin AND project_id IS NOT NULL;

CREATE TABLE alerts (
    id @ID,
    rule_id BIGINT NOT NULL REFERENCES alert_rules (id) ON DELETE CASCADE,
    subject_key TEXT NOT NULL,
    subject TEXT NOT NULL,
    labels @JSON NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'firing', 'resolved')),
    value @DOUBLE NOT NULL,
    note TEXT,
    started_at @TIME NOT NULL,
    fired_at @TIME,
    ended_at @TIME,
    notified_at @TIME,
    acknowledged_at @TIME,
    acknowledged_by TEXT
);
CREATE UNIQUE INDEX alerts_active ON alerts (rule_id, subject_key) WHERE ended_at IS NULL;
CREATE INDEX alerts_ended ON alerts (ended_at);

CREATE TABLE alert_channels (
    id @ID,
    owner_id BIGINT REFERENCES users (id) ON DELETE CASCADE,
    project_id BIGINT REFERENCES projects (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('webhook', 'slack', 'teams', 'telegram', 'email')),
    language TEXT NOT NULL CHECK (language IN ('en', 'ru')),
    url TEXT,
    secret TEXT,
    target TEXT,
    enabled @BOOL NOT NULL,
    created_at @TIME NOT NULL,
    CHECK ((owner_id IS NULL) <> (project_id IS NULL))
);
CREATE INDEX alert_channels_owner ON alert_channels (owner_id);
CREATE INDEX alert_channels_project ON alert_channels (project_id);

CREATE TABLE alert_silences (
    id @ID,
    owner_id BIGINT REFERENCES users (id) ON DELETE CASCADE,
    project_id BIGINT REFERENCES projects (id) ON DELETE CASCADE,
    rule_id BIGINT REFERENCES alert_rules (id) ON DELETE CASCADE,
    labels @JSON NOT NULL,
    starts_at @TIME NOT NULL,
    until @TIME NOT NULL,
    reason TEXT,
    created_by TEXT,
    CHECK ((owner_id IS NULL) <> (project_id IS NULL))
);
CREATE INDEX alert_silences_until ON alert_silences (until);

-- What is to be told, written in the transaction of the change itself.
CREATE TABLE alert_outbox (
    id @ID,
    channel_id BIGINT NOT NULL REFERENCES alert_channels (id) ON DELETE CASCADE,
    alert_id BIGINT REFERENCES alerts (id) ON DELETE CASCADE,
    event TEXT NOT NULL CHECK (event IN ('firing', 'resolved', 'test')),
    delivery @UUID NOT NULL UNIQUE,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    body @JSON NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    created_at @TIME NOT NULL,
    next_at @TIME NOT NULL,
    sent_at @TIME,
    failed_at @TIME,
    last_error TEXT
);
CREATE INDEX alert_outbox_due ON alert_outbox (next_at) WHERE sent_at IS NULL AND failed_at IS NULL;
CREATE INDEX alert_outbox_channel ON alert_outbox (channel_id, id);
CREATE INDEX alert_outbox_alert ON alert_outbox (alert_id);

-- down
DROP TABLE alert_outbox;
DROP TABLE alert_silences;
DROP TABLE alert_channels;
DROP TABLE alerts;
DROP TABLE alert_rules;
