-- The states of signing keys: 'published', 'signing', 'accepted' or 'refused'.
ALTER TABLE signing_keys ADD COLUMN state   TEXT   NOT NULL DEFAULT 'signing';
-- When the state began.
ALTER TABLE signing_keys ADD COLUMN since   BIGINT NOT NULL DEFAULT 0;
-- When the last token of an accepted key has expired; else 0.
ALTER TABLE signing_keys ADD COLUMN until   BIGINT NOT NULL DEFAULT 0;
-- The version that published or refused the key; else 0.
ALTER TABLE signing_keys ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
UPDATE signing_keys SET since = created_at;
CREATE UNIQUE INDEX one_key_is_published ON signing_keys (state) WHERE state = 'published';
CREATE UNIQUE INDEX one_key_signs ON signing_keys (state) WHERE state = 'signing';

-- Counts the changes of signing keys: a replica whose keys are of another count reads them again.
ALTER TABLE feed_state ADD COLUMN key_changes BIGINT NOT NULL DEFAULT 0;
-- Counts refused keys: a sign-in that was shown before the last refusal gives no token any more, since
-- a token of the refused key may have shown it.
ALTER TABLE feed_state ADD COLUMN key_refusals BIGINT NOT NULL DEFAULT 0;
ALTER TABLE exchange_codes ADD COLUMN key_refusals BIGINT NOT NULL DEFAULT 0;
ALTER TABLE device_codes ADD COLUMN key_refusals BIGINT NOT NULL DEFAULT 0;

-- The epochs that ended when this database was restored from a backup.
CREATE TABLE former_epochs (
    epoch    TEXT   NOT NULL PRIMARY KEY,
    ended_at BIGINT NOT NULL
);
