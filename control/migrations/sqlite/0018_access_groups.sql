-- Conditions with a name, which policies share. Each policy that names a group has a copy of it in its
-- application's definition: whoever changes a group changes these in the same transaction.
CREATE TABLE access_groups (
    name       TEXT   NOT NULL PRIMARY KEY,
    -- Whether the configuration file declares it; it can then only be changed there.
    declared   BIGINT NOT NULL,
    -- Whom it fits, as JSON.
    conditions TEXT   NOT NULL
);
