-- When the provider was asked for what is stored of the person, in milliseconds, so that an older answer
-- does not replace a newer one; 0: at some time before.
ALTER TABLE identities ADD COLUMN asked_at BIGINT NOT NULL DEFAULT 0;
