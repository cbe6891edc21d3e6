-- What people see of their sessions: in which browser, from where, since when, used for what.
ALTER TABLE sessions ADD COLUMN created_at   BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN last_used_at BIGINT NOT NULL DEFAULT 0;
-- In plain words, and as the browser said itself.
ALTER TABLE sessions ADD COLUMN browser      TEXT   NOT NULL DEFAULT 'Unknown browser';
ALTER TABLE sessions ADD COLUMN user_agent   TEXT   NOT NULL DEFAULT '';
-- Empty: not known.
ALTER TABLE sessions ADD COLUMN address      TEXT   NOT NULL DEFAULT '';
-- The hash of the secret of the sign-in form; empty: none. Forms that one browser sends at the
-- same time have the same.
ALTER TABLE sessions ADD COLUMN form_hash    TEXT   NOT NULL DEFAULT '';
UPDATE sessions SET created_at = auth_time, last_used_at = auth_time;

CREATE TABLE session_applications (
    session_id    TEXT   NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    audience      TEXT   NOT NULL REFERENCES applications (audience) ON DELETE CASCADE,
    last_token_at BIGINT NOT NULL,
    PRIMARY KEY (session_id, audience)
);

-- The sign-in that the browser with this code has shown: its version, its time, and the end of the
-- session as it was then. Codes of before have run out.
ALTER TABLE exchange_codes ADD COLUMN auth_ver    BIGINT NOT NULL DEFAULT 0;
ALTER TABLE exchange_codes ADD COLUMN auth_time   BIGINT NOT NULL DEFAULT 0;
ALTER TABLE exchange_codes ADD COLUMN session_end BIGINT NOT NULL DEFAULT 0;

-- A revocation that demands a fresh sign-in stands beside one that does not.
CREATE TABLE revocations_with_fresh (
    scope      TEXT   NOT NULL,
    subject    TEXT   NOT NULL,
    audience   TEXT   NOT NULL,
    version    BIGINT NOT NULL,
    fresh      BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (scope, subject, audience, fresh)
);
INSERT INTO revocations_with_fresh (scope, subject, audience, version, fresh, expires_at)
    SELECT scope, subject, audience, version, fresh, expires_at FROM revocations;
DROP TABLE revocations;
ALTER TABLE revocations_with_fresh RENAME TO revocations;
CREATE INDEX revocations_by_end ON revocations (expires_at);

CREATE TABLE admin_tokens (
    id          TEXT   NOT NULL PRIMARY KEY,
    secret_hash TEXT   NOT NULL,
    -- A JSON list.
    scopes      TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL
);
