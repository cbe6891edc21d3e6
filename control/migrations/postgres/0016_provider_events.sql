-- What providers reported, so that each report counts once.
CREATE TABLE provider_events (
    issuer     TEXT   NOT NULL,
    -- A hash of the report's id (`jti`), which is unique for the issuer.
    id_hash    TEXT   NOT NULL,
    -- From then on the report is refused for its age.
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, id_hash)
);
CREATE INDEX provider_events_by_end ON provider_events (expires_at);

-- The sessions that belong to one session at the provider.
CREATE INDEX sessions_by_provider_sid ON sessions (provider_sid) WHERE provider_sid <> '';

-- When the provider may be asked again. Whoever asks puts it ahead, so that nobody else asks meanwhile.
ALTER TABLE sessions ADD COLUMN recheck_at       BIGINT NOT NULL DEFAULT 0;
-- How often in a row the provider gave no answer.
ALTER TABLE sessions ADD COLUMN recheck_failures BIGINT NOT NULL DEFAULT 0;
CREATE INDEX sessions_to_recheck ON sessions (checked_at) WHERE refresh_token <> '';
