-- How many live sessions a user has, without reading the sessions.
DROP INDEX sessions_by_user;
CREATE INDEX sessions_by_user ON sessions (user_id, expires_at);
