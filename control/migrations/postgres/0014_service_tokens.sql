-- Client ids and secrets of programs that cannot sign in. The client id is the id and `.service`.
CREATE TABLE service_tokens (
    id               TEXT   NOT NULL PRIMARY KEY,
    name             TEXT   NOT NULL UNIQUE,
    secret_hash      TEXT   NOT NULL,
    -- The secret before the last rotation, which is good until then; NULL: there is none.
    old_secret_hash  TEXT,
    old_secret_until BIGINT,
    disabled         BIGINT NOT NULL,
    created_at       BIGINT NOT NULL,
    rotated_at       BIGINT,
    expires_at       BIGINT NOT NULL,
    -- To the hour; NULL: it has not been seen.
    last_seen_at     BIGINT
);
