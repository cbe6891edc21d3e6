-- Texts, numbers and SQL that PostgreSQL takes too: the two folders differ in types only.
-- Times are seconds since 1970, versions are the feed's.

CREATE TABLE feed_state (
    only_row  BIGINT NOT NULL PRIMARY KEY CHECK (only_row = 1),
    epoch     TEXT   NOT NULL,
    version   BIGINT NOT NULL,
    -- Deltas can be given to followers that have at least this version.
    log_start BIGINT NOT NULL
);

CREATE TABLE feed_log (
    version  BIGINT NOT NULL,
    position BIGINT NOT NULL,
    -- 'keys', 'application', 'application_gone' or 'revocation'
    item     TEXT   NOT NULL,
    -- The audience that it concerns; NULL: every follower.
    audience TEXT,
    body     TEXT   NOT NULL,
    PRIMARY KEY (version, position)
);

CREATE TABLE users (
    id              TEXT   NOT NULL PRIMARY KEY,
    email           TEXT   NOT NULL,
    -- NULL: the user signs in elsewhere.
    password_hash   TEXT,
    administrator   BIGINT NOT NULL,
    disabled        BIGINT NOT NULL,
    blocked_until   BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    last_sign_in_at BIGINT
);
CREATE UNIQUE INDEX users_with_password ON users (email) WHERE password_hash IS NOT NULL;
CREATE INDEX users_by_email ON users (email);

CREATE TABLE sessions (
    id         TEXT   NOT NULL PRIMARY KEY,
    user_id    TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    auth_time  BIGINT NOT NULL,
    auth_ver   BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_end ON sessions (expires_at);

CREATE TABLE applications (
    audience   TEXT   NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL UNIQUE,
    declared   BIGINT NOT NULL,
    -- Gone from the declarations; the row stays so that its name keeps its audience.
    gone       BIGINT NOT NULL,
    definition TEXT   NOT NULL
);

-- What keeps two applications from one hostname and prefix, whoever writes at the same time.
CREATE TABLE application_places (
    hostname    TEXT   NOT NULL,
    -- In lower case: many servers do not tell upper from lower.
    path_prefix TEXT   NOT NULL,
    -- Applications on one hostname share its port: see the module `config::origins`.
    port        BIGINT NOT NULL,
    audience    TEXT   NOT NULL REFERENCES applications (audience) ON DELETE CASCADE,
    PRIMARY KEY (hostname, path_prefix, port)
);

CREATE TABLE exchange_codes (
    code_hash    TEXT   NOT NULL PRIMARY KEY,
    session_id   TEXT   NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    audience     TEXT   NOT NULL REFERENCES applications (audience) ON DELETE CASCADE,
    origin       TEXT   NOT NULL,
    challenge    TEXT   NOT NULL,
    return_to    TEXT   NOT NULL,
    expires_at   BIGINT NOT NULL,
    used_at      BIGINT,
    -- The claims that were issued and the seed of the binding secret, for a repeated call.
    claims       TEXT,
    binding_seed TEXT
);
CREATE INDEX exchange_codes_by_session ON exchange_codes (session_id);
CREATE INDEX exchange_codes_by_end ON exchange_codes (expires_at);

CREATE TABLE revocations (
    scope      TEXT   NOT NULL,
    subject    TEXT   NOT NULL,
    -- The audience of a user_application revocation, else empty.
    audience   TEXT   NOT NULL,
    version    BIGINT NOT NULL,
    fresh      BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (scope, subject, audience)
);
CREATE INDEX revocations_by_end ON revocations (expires_at);

CREATE TABLE signing_keys (
    kid         TEXT   NOT NULL PRIMARY KEY,
    algorithm   TEXT   NOT NULL,
    private_key TEXT   NOT NULL,
    created_at  BIGINT NOT NULL
);

CREATE TABLE filter_credentials (
    id          TEXT   NOT NULL PRIMARY KEY,
    secret_hash TEXT   NOT NULL,
    -- A JSON list of audiences; NULL: all.
    audiences   TEXT,
    created_at  BIGINT NOT NULL
);
