-- Calls of the admin API with an idempotency key, so that one that is sent twice acts once.
CREATE TABLE idempotency_keys (
    -- The id of the admin token.
    token_id TEXT   NOT NULL,
    key      TEXT   NOT NULL,
    -- A keyed hash of the call: a request may hold a password.
    call     TEXT   NOT NULL,
    -- The status of the answer; NULL: not answered yet.
    status   BIGINT,
    -- The answer; NULL: it had a secret.
    answer   TEXT,
    sent_at  BIGINT NOT NULL,
    PRIMARY KEY (token_id, key)
);
CREATE INDEX idempotency_keys_by_time ON idempotency_keys (sent_at);
