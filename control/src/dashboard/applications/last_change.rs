//! Who changed an application or its policy last, and when, in a sentence.

use portcullis::time::UnixMillis;

use super::super::shown::Shown;
use crate::applications::Application;
use crate::service::Service;
use crate::storage::{AuditQuery, Order, StorageError};
use crate::team_domain::page::time::clock;

/// A sentence about the last event of a name; empty if the audit log no longer has one.
pub async fn last_change(
    service: &Service,
    application: &Application,
    event: &str,
) -> Result<String, StorageError> {
    let query = AuditQuery {
        since: UnixMillis::EPOCH,
        until: UnixMillis::new(u64::MAX),
        event,
        user: "",
        application: &application.definition.name,
        actor: "",
        order: Order::NewestFirst,
        after: None,
        limit: 1,
    };
    let events = service.storage.audit_events(query).await?;
    let last = events.into_iter().next();
    Ok(last.map_or_else(String::new, |event| {
        let actor = match event.actor.name.as_str() {
            "" => event.actor.kind,
            name => name.to_owned(),
        };
        let at = clock(event.at.to_seconds());
        format!(
            "The last change was by {} at {at}.",
            Shown::new(&actor).plain()
        )
    }))
}
