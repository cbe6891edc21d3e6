//! Who made revocations, by the audit log.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::Value;

use super::latest;
use super::view::EventView;
use crate::audit::EventName;
use crate::service::Service;
use crate::storage::{AuditFilter, PastRevocation, StorageError};

/// How far apart the times of a revocation and of its event can be: one is by the clock of the service, the
/// other by that of the database.
const APART: Duration = Duration::from_secs(10 * 60);
/// The most events of each kind that are looked at.
const MOST_EVENTS: u32 = 500;
/// What revokes.
const EVENTS: [EventName; 3] = [
    EventName::RevocationMade,
    EventName::SessionEnded,
    EventName::ProviderEvent,
];

/// Who made these revocations, by version; absent where the audit log does not say it.
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
    let mut by_version = HashMap::new();
    for event in EVENTS {
        let filter = AuditFilter {
            since: Some(first - APART),
            until: Some(last + APART),
            events: vec![event.as_str()],
            ..AuditFilter::default()
        };
        for event in latest(service, &filter, MOST_EVENTS).await? {
            let details = event.details.as_ref();
            let version = details
                .and_then(|of| of.get("version"))
                .and_then(Value::as_u64);
            if let Some(version) = version {
                by_version.insert(version, EventView::from(event).actor.named());
            }
        }
    }
    Ok(by_version)
}
