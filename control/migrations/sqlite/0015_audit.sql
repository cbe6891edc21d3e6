-- What happened, who did it, and what it was about. Rows are written in the transactions of which they tell.

-- The id of the newest event. Its row is locked last of all, so ids follow the order of commits and have no
-- gaps.
CREATE TABLE audit_state (
    only_row BIGINT NOT NULL PRIMARY KEY CHECK (only_row = 1),
    last_id  BIGINT NOT NULL
);
INSERT INTO audit_state (only_row, last_id) VALUES (1, 0);

CREATE TABLE audit_events (
    id           INTEGER NOT NULL PRIMARY KEY,
    -- By the database's clock, milliseconds since 1970.
    at_ms        BIGINT NOT NULL,
    event        TEXT   NOT NULL,
    -- Texts are empty where there is nothing to tell.
    actor_kind   TEXT   NOT NULL,
    actor_id     TEXT   NOT NULL,
    actor_name   TEXT   NOT NULL,
    subject_kind TEXT   NOT NULL,
    subject_id   TEXT   NOT NULL,
    subject_name TEXT   NOT NULL,
    -- The user whom it concerns, with what the address is compared by.
    user_id      TEXT   NOT NULL,
    user_email   TEXT   NOT NULL,
    application  TEXT   NOT NULL,
    address      TEXT   NOT NULL,
    user_agent   TEXT   NOT NULL,
    rule         TEXT   NOT NULL,
    reason       TEXT   NOT NULL,
    request_id   TEXT   NOT NULL,
    -- JSON objects.
    changes      TEXT   NOT NULL,
    details      TEXT   NOT NULL,
    -- How many events the row stands for.
    count        BIGINT NOT NULL,
    -- The minute and what else events share that are counted in this row; NULL: it stands for one.
    counted_as   TEXT
);
CREATE INDEX audit_events_by_time ON audit_events (at_ms);
CREATE UNIQUE INDEX audit_events_counted ON audit_events (counted_as) WHERE counted_as IS NOT NULL;
