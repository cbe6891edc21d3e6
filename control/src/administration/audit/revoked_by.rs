//! Who made revocations, by the audit log.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::Value;

use super::view::EventView;
use crate::audit::EventName;
use crate::service::Service;
use crate::storage::{AuditFilter, AuditQuery, PastRevocation, StorageError};

/// How far apart the times of a revocation and of its event can be: one is by the clock of the service, the
/// other by that of the database.
const APART: Duration = Duration::from_secs(10 * 60);
/// The most events that are looked at.
const MOST_EVENTS: u32 = 1_000;

/// Who made these revocations, by version; absent where the audit log no longer has it.
///
/// # Errors
/// When the database cannot be read.
pub async fn revoked_by(
    service: &Service,
    revocations: &[PastRevocation],
) -> Result<HashMap<u64, String>, StorageError> {
    let times = || revocations.iter().filter_map(|one| one.revoked_at);
    let (Some(first), Some(last)) = (times().min(), times().max()) else {
        return Ok(HashMap::new());
    };
    let filter = AuditFilter {
        since: Some(first - APART),
        until: Some(last + APART),
        events: vec![EventName::RevocationMade.as_str()],
        ..AuditFilter::default()
    };
    let query = AuditQuery::newest(&filter, MOST_EVENTS);
    let events = service.storage.audit_events(query).await?.into_iter();
    let by_version = events.filter_map(|event| {
        let version = event
            .details
            .as_ref()?
            .get("version")
            .and_then(Value::as_u64)?;
        Some((version, EventView::from(event).actor.named()))
    });
    Ok(by_version.collect())
}
