-- What a user may do in the dashboard: 'viewer', 'help_desk' or 'administrator'; empty: nothing, unless the
-- configuration says otherwise.
ALTER TABLE users ADD COLUMN role TEXT NOT NULL DEFAULT '';
UPDATE users SET role = 'administrator' WHERE administrator <> 0;
ALTER TABLE users DROP COLUMN administrator;
CREATE INDEX users_with_role ON users (role) WHERE role <> '';

-- Forms of the dashboard that were sent, so that one that is sent twice acts once.
CREATE TABLE sent_forms (
    -- A hash of the form's random value, its target and its fields.
    id      TEXT   NOT NULL PRIMARY KEY,
    user_id TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- Where its result is shown; empty: nowhere any more; NULL: not done yet.
    result  TEXT,
    sent_at BIGINT NOT NULL
);
CREATE INDEX sent_forms_by_time ON sent_forms (sent_at);
