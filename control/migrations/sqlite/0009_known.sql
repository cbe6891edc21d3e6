-- Networks from which users signed in: there they have an allowance of their own for failed sign-ins.
CREATE TABLE known_networks (
    user_id      TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- A /24 of IPv4, a /64 of IPv6.
    network      TEXT   NOT NULL,
    last_used_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, network)
);
CREATE INDEX known_networks_by_use ON known_networks (last_used_at);
-- The key that recognises browsers in which users signed in. Empty: made on the next start.
ALTER TABLE feed_state ADD COLUMN known_browser_key TEXT NOT NULL DEFAULT '';
