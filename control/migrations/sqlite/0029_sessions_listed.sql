-- For the list of all sessions, newest first.
CREATE INDEX sessions_by_beginning ON sessions (created_at DESC, id);
