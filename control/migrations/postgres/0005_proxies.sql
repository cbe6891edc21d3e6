-- Who follows the feed, and how far each has come. Times are milliseconds since 1970.

CREATE TABLE proxies (
    credential    TEXT   NOT NULL,
    -- The proxy's name for itself.
    instance      TEXT   NOT NULL,
    address       TEXT   NOT NULL,
    -- Everything up to this version is in force there; 0: it has nothing yet.
    applied       BIGINT NOT NULL,
    first_seen_ms BIGINT NOT NULL,
    last_seen_ms  BIGINT NOT NULL,
    -- Without another poll it is taken for gone from then on.
    live_until_ms BIGINT NOT NULL,
    -- After so much silence it refuses everybody; NULL: it never does, or has not said so.
    denies_after_ms BIGINT,
    PRIMARY KEY (credential, instance)
);

-- When a version was first covered by what a proxy had applied.
CREATE TABLE proxy_steps (
    credential TEXT   NOT NULL,
    instance   TEXT   NOT NULL,
    version    BIGINT NOT NULL,
    at_ms      BIGINT NOT NULL,
    PRIMARY KEY (credential, instance, version)
);
CREATE INDEX proxy_steps_by_time ON proxy_steps (at_ms);
CREATE INDEX proxy_steps_by_version ON proxy_steps (version);

-- When a version was committed.
CREATE TABLE version_times (
    version BIGINT NOT NULL PRIMARY KEY,
    at_ms   BIGINT NOT NULL
);

CREATE INDEX revocations_by_version ON revocations (version);
