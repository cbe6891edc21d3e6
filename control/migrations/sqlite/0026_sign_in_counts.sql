-- How often people got into an application, and were refused there, each day in UTC. Rows are written in the
-- transactions of the events that they count, after these: so they need no lock of their own.
CREATE TABLE sign_in_counts (
    audience TEXT NOT NULL,
    -- Days since 1970.
    day      BIGINT NOT NULL,
    -- 1: admitted; 0: refused.
    admitted BIGINT NOT NULL,
    count    BIGINT NOT NULL,
    -- The last of them, seconds since 1970.
    last_at  BIGINT NOT NULL,
    PRIMARY KEY (audience, day, admitted)
);
CREATE INDEX sign_in_counts_by_day ON sign_in_counts (day);
INSERT INTO sign_in_counts (audience, day, admitted, count, last_at)
    SELECT applications.audience, at_ms / 86400000, CASE WHEN event = 'token.issued' THEN 1 ELSE 0 END,
           SUM(count), MAX(at_ms) / 1000
    FROM audit_events JOIN applications ON applications.name = audit_events.application
    WHERE (event = 'sign_in.refused' OR (event = 'token.issued' AND details LIKE '%"for":"session"%'))
      AND audit_events.id >= (SELECT MIN(id) FROM audit_events WHERE at_ms > (unixepoch() - 30 * 86400) * 1000)
    GROUP BY 1, 2, 3;
