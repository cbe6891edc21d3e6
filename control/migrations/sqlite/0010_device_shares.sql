-- The site of the client: a /24 of IPv4, a /48 of IPv6.
ALTER TABLE device_codes ADD COLUMN client_site TEXT NOT NULL DEFAULT '';
UPDATE device_codes SET client_site = client_network;
-- The user who is looking at the request, and since when. NULL: none.
ALTER TABLE device_codes ADD COLUMN seen_by TEXT;
ALTER TABLE device_codes ADD COLUMN seen_at BIGINT;
