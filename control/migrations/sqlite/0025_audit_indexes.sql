-- The audit log of one user, of one application, and of one kind of event, newest first.
CREATE INDEX audit_events_of_user ON audit_events (user_id, id);
CREATE INDEX audit_events_of_email ON audit_events (user_email, id);
CREATE INDEX audit_events_of_application ON audit_events (application, id);
CREATE INDEX audit_events_by_event ON audit_events (event, id);
