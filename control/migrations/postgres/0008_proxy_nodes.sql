-- Which Envoy node a proxy runs on, so that a restarted proxy replaces its predecessor.

-- The name of the node; NULL if it has none, or the proxy does not say.
ALTER TABLE proxies ADD COLUMN node TEXT;
-- The name of the process; a node has one after the other.
ALTER TABLE proxies ADD COLUMN process TEXT;
-- 1: the proxy closed the connection while its last poll waited, so its process has probably ended.
ALTER TABLE proxies ADD COLUMN hung_up BIGINT NOT NULL DEFAULT 0;
-- 1: another process with the same node was there at the same time, so the node's id is not unique.
ALTER TABLE proxies ADD COLUMN shares_node BIGINT NOT NULL DEFAULT 0;
