-- Which token replaced another: the same refresh gets the same answer from every replica for a
-- few seconds. Claims only: without the signing key they are no token.
CREATE TABLE refreshes (
    -- Of the token that was replaced.
    jti        TEXT   NOT NULL PRIMARY KEY,
    session_id TEXT   NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    audience   TEXT   NOT NULL REFERENCES applications (audience) ON DELETE CASCADE,
    issued_at  BIGINT NOT NULL,
    claims     TEXT   NOT NULL
);
CREATE INDEX refreshes_by_session ON refreshes (session_id);
CREATE INDEX refreshes_by_time ON refreshes (issued_at);
