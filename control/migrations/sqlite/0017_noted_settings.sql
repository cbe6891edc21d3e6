-- The settings of the last start, without secrets, as JSON: the audit log tells what changed since.
CREATE TABLE noted_settings (
    only_row BIGINT NOT NULL PRIMARY KEY CHECK (only_row = 1),
    settings TEXT   NOT NULL
);
