-- For the last sign-in with each provider.
CREATE INDEX identities_by_last_seen ON identities (provider_id, last_seen_at);
