-- up
CREATE TABLE users (
    id @ID,
    login TEXT NOT NULL,
    display_name TEXT NOT NULL,
    email TEXT,
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL DEFAULT 'user' CHECK (role IN ('user', 'admin', 'auditor')),
    blocked @BOOL NOT NULL DEFAULT FALSE,
    totp_secret TEXT,
    totp_pending TEXT,
    totp_step BIGINT NOT NULL DEFAULT 0,
    created_at @TIME NOT NULL,
    last_login_at @TIME
);
CREATE UNIQUE INDEX users_login ON users (lower(login));

CREATE TABLE projects (
    id @ID,
    name TEXT NOT NULL,
    display_name TEXT NOT NULL,
    description TEXT,
    visibility TEXT NOT NULL DEFAULT 'private' CHECK (visibility IN ('private', 'node', 'public')),
    created_by BIGINT REFERENCES users (id) ON DELETE SET NULL,
    created_at @TIME NOT NULL,
    updated_at @TIME NOT NULL
);
CREATE UNIQUE INDEX projects_name ON projects (lower(name));
CREATE INDEX projects_created_by ON projects (created_by);

CREATE TABLE project_members (
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('viewer', 'editor', 'owner')),
    added_at @TIME NOT NULL,
    PRIMARY KEY (project_id, user_id)
);
CREATE INDEX project_members_user ON project_members (user_id);

-- Codes, tokens and links are kept as the SHA-256 of what the person holds, in hex.
CREATE TABLE invites (
    id @ID,
    code_hash TEXT NOT NULL UNIQUE,
    note TEXT,
    role TEXT NOT NULL CHECK (role IN ('user', 'auditor')),
    created_by BIGINT REFERENCES users (id) ON DELETE SET NULL,
    created_at @TIME NOT NULL,
    expires_at @TIME NOT NULL,
    used_by BIGINT REFERENCES users (id) ON DELETE SET NULL,
    used_at @TIME
);

-- A session is a family of refresh tokens of which one is unused. Ids are random and never come back.
CREATE TABLE sessions (
    id BIGINT PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at @TIME NOT NULL,
    used_at @TIME NOT NULL,
    expires_at @TIME NOT NULL,
    ip TEXT,
    user_agent TEXT
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expires ON sessions (expires_at);

CREATE TABLE refresh_tokens (
    hash TEXT PRIMARY KEY,
    session_id BIGINT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    created_at @TIME NOT NULL,
    used_at @TIME
);
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);
CREATE INDEX refresh_tokens_used ON refresh_tokens (used_at);

CREATE TABLE access_tokens (
    id @ID,
    hash TEXT NOT NULL UNIQUE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    project_id BIGINT REFERENCES projects (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at @TIME NOT NULL,
    expires_at @TIME,
    last_used_at @TIME
);
CREATE INDEX access_tokens_user ON access_tokens (user_id, name);
CREATE INDEX access_tokens_project ON access_tokens (project_id);

CREATE TABLE signing_keys (
    kid TEXT PRIMARY KEY,
    secret TEXT NOT NULL,
    created_at @TIME NOT NULL,
    retired_at @TIME
);

CREATE TABLE one_time_links (
    hash TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('setup', 'reset')),
    user_id BIGINT REFERENCES users (id) ON DELETE CASCADE,
    created_at @TIME NOT NULL,
    expires_at @TIME NOT NULL
);
CREATE INDEX one_time_links_user ON one_time_links (user_id);

-- Wrong guesses per account ("login:NAME") and per address ("address:IP").
CREATE TABLE sign_in_failures (
    name TEXT PRIMARY KEY,
    failures BIGINT NOT NULL,
    last_at @TIME NOT NULL,
    locked_until @TIME
);
CREATE INDEX sign_in_failures_last ON sign_in_failures (last_at);

-- Grows by one with every revocation, so that all nodes drop what they remember.
CREATE TABLE account_epoch (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    epoch BIGINT NOT NULL
);
INSERT INTO account_epoch (one, epoch) VALUES (1, 0);

-- Answers kept for Idempotency-Key. status 0: the request is under way.
CREATE TABLE kept_answers (
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    status BIGINT NOT NULL,
    body TEXT,
    created_at @TIME NOT NULL,
    PRIMARY KEY (user_id, key)
);
CREATE INDEX kept_answers_created ON kept_answers (created_at);

-- No foreign keys: an entry outlives the person it names. before and after are text, not JSON, because the hash
-- covers their bytes.
CREATE TABLE audit_log (
    id BIGINT PRIMARY KEY,
    at @TIME NOT NULL,
    user_id BIGINT,
    login TEXT,
    role TEXT NOT NULL,
    ip TEXT,
    user_agent TEXT,
    request_id TEXT,
    action TEXT NOT NULL,
    target TEXT,
    method_path TEXT,
    outcome TEXT NOT NULL,
    reason TEXT,
    before_json TEXT,
    after_json TEXT,
    hash TEXT NOT NULL
);
CREATE INDEX audit_log_at ON audit_log (at);
CREATE INDEX audit_log_login ON audit_log (login, id);
CREATE INDEX audit_log_action ON audit_log (action, id);

-- head: the newest entry; anchor: the newest entry that retention has removed.
CREATE TABLE audit_chain (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    head_id BIGINT NOT NULL,
    head_hash TEXT NOT NULL,
    anchor_id BIGINT NOT NULL,
    anchor_hash TEXT NOT NULL
);
INSERT INTO audit_chain (one, head_id, head_hash, anchor_id, anchor_hash) VALUES (1, 0, '', 0, '');

-- Append-only for whoever reaches the tables past the program, too: entries never change, and only those go that the
-- anchor has passed.
-- sqlite: CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END;
-- sqlite: CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log WHEN old.id > (SELECT anchor_id FROM audit_chain) BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END;
-- postgres: CREATE FUNCTION audit_log_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP = 'DELETE' AND old.id <= (SELECT anchor_id FROM audit_chain) THEN RETURN old; END IF; RAISE EXCEPTION 'audit_log is append-only'; END $$;
-- postgres: CREATE TRIGGER audit_log_keep BEFORE UPDATE OR DELETE ON audit_log FOR EACH ROW EXECUTE FUNCTION audit_log_keep();

-- down
-- sqlite: DROP TRIGGER audit_log_no_delete;
-- sqlite: DROP TRIGGER audit_log_no_update;
-- postgres: DROP TRIGGER audit_log_keep ON audit_log;
-- postgres: DROP FUNCTION audit_log_keep();
DROP TABLE audit_chain;
DROP TABLE audit_log;
DROP TABLE kept_answers;
DROP TABLE account_epoch;
DROP TABLE sign_in_failures;
DROP TABLE one_time_links;
DROP TABLE signing_keys;
DROP TABLE access_tokens;
DROP TABLE refresh_tokens;
DROP TABLE sessions;
DROP TABLE invites;
DROP TABLE project_members;
DROP TABLE projects;
DROP TABLE users;
