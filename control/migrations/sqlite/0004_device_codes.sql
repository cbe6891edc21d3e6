-- Requests of command lines for a token that wait for a person's answer (RFC 8628).
CREATE TABLE device_codes (
    device_code_hash TEXT   NOT NULL PRIMARY KEY,
    user_code_hash   TEXT   NOT NULL UNIQUE,
    audience         TEXT   NOT NULL REFERENCES applications (audience) ON DELETE CASCADE,
    client_address   TEXT   NOT NULL,
    -- What counts as one client: an address of IPv4, a /64 of IPv6.
    client_network   TEXT   NOT NULL,
    asked_at         BIGINT NOT NULL,
    expires_at       BIGINT NOT NULL,
    poll_interval    BIGINT NOT NULL,
    next_poll_at     BIGINT NOT NULL,
    -- 'confirmed' or 'refused'; NULL: nobody answered yet.
    answer           TEXT,
    -- The session that confirmed. No reference: the client is to learn that it ended.
    session_id       TEXT,
    -- The sign-in that the confirming browser has shown; its session may know a later one.
    auth_time        BIGINT,
    auth_ver         BIGINT,
    session_end      BIGINT
);
CREATE INDEX device_codes_by_end ON device_codes (expires_at);
CREATE INDEX device_codes_by_network ON device_codes (client_network);
