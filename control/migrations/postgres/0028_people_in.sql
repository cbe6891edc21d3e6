-- When the last token that a session has for an application ends: who is in now. Of tokens of before only
-- the beginning is known; most last a day, and the next one brings the true end.
ALTER TABLE session_applications ADD COLUMN token_until BIGINT NOT NULL DEFAULT 0;
UPDATE session_applications SET token_until = last_token_at + 86400;
CREATE INDEX session_applications_by_end ON session_applications (audience, token_until);
