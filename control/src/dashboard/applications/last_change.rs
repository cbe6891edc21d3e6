//! Who changed an application or its policy last, and when, in a sentence.

use super::super::shown::Shown;
use crate::administration::audit::latest;
use crate::applications::Application;
use crate::audit::EventName;
use crate::service::Service;
use crate::storage::{AuditFilter, StorageError};
use crate::team_domain::page::time::clock;

/// A sentence about the last event of a name; empty if the audit log no longer has one.
pub async fn last_change(
    service: &Service,
    application: &Application,
    event: EventName,
) -> Result<String, StorageError> {
    let filter = AuditFilter {
        events: vec![event.as_str()],
        application: application.definition.name.clone(),
        ..AuditFilter::default()
    };
    let events = latest(service, &filter, 1).await?;
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
