-- What tells credentials apart. Empty names: none was given.
ALTER TABLE filter_credentials ADD COLUMN name         TEXT NOT NULL DEFAULT '';
-- To the minute; NULL: never, or before this was stored.
ALTER TABLE filter_credentials ADD COLUMN last_used_at BIGINT;
ALTER TABLE admin_tokens ADD COLUMN name         TEXT NOT NULL DEFAULT '';
ALTER TABLE admin_tokens ADD COLUMN last_used_at BIGINT;
