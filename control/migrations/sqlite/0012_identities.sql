-- People who sign in through identity providers. A person is a provider and its `sub`, never an
-- e-mail address.
CREATE TABLE identities (
    id           TEXT   NOT NULL PRIMARY KEY,
    user_id      TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    provider_id  TEXT   NOT NULL,
    subject      TEXT   NOT NULL,
    -- As of the last sign-in, in the spelling that is shown, and what it is compared by.
    email        TEXT   NOT NULL,
    email_normal TEXT   NOT NULL,
    -- 1: the provider may speak for the address, and says that it is the user's.
    email_believed BIGINT NOT NULL,
    -- A JSON list.
    groups       TEXT   NOT NULL,
    -- The configured claims, a JSON object.
    claims       TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX identities_by_subject ON identities (provider_id, subject);
CREATE INDEX identities_by_user ON identities (user_id);
CREATE INDEX identities_by_email ON identities (email_normal);

-- Empty: not known.
ALTER TABLE users ADD COLUMN name TEXT NOT NULL DEFAULT '';

-- NULL: the session began with a password.
ALTER TABLE sessions ADD COLUMN identity_id   TEXT REFERENCES identities (id) ON DELETE CASCADE;
-- What the provider said at the sign-in; empty: nothing. Lists and objects are JSON.
ALTER TABLE sessions ADD COLUMN provider_sid  TEXT   NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN amr           TEXT   NOT NULL DEFAULT '[]';
ALTER TABLE sessions ADD COLUMN acr           TEXT   NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN groups        TEXT   NOT NULL DEFAULT '[]';
ALTER TABLE sessions ADD COLUMN claims        TEXT   NOT NULL DEFAULT '{}';
-- Sealed; empty: none.
ALTER TABLE sessions ADD COLUMN refresh_token TEXT   NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN id_token      TEXT   NOT NULL DEFAULT '';
-- When the provider was last asked; 0: never.
ALTER TABLE sessions ADD COLUMN checked_at    BIGINT NOT NULL DEFAULT 0;
CREATE INDEX sessions_by_identity ON sessions (identity_id) WHERE identity_id IS NOT NULL;
