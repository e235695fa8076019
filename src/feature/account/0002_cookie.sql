-- up
-- A browser's session: SHA-256, in hex, of the cookie that stands for it. It has no refresh tokens.
ALTER TABLE sessions ADD COLUMN cookie_hash TEXT;
CREATE UNIQUE INDEX sessions_cookie ON sessions (cookie_hash);

-- down
DROP INDEX sessions_cookie;
ALTER TABLE sessions DROP COLUMN cookie_hash;
