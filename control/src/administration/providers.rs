//! How sign-ins with identity providers went lately.

use std::collections::HashMap;
use std::time::Duration;

use portcullis::time::{UnixMillis, UnixSeconds};

use crate::audit::EventName;
use crate::service::Service;
use crate::storage::{AuditFilter, AuditQuery, StorageError, StoredEvent};

/// How far back events are looked at, and how many of each kind.
const REACH: Duration = Duration::from_secs(24 * 60 * 60);
const MOST_EVENTS: u32 = 200;
/// What says nothing about the provider: an answer that no sign-in of the browser awaits, and people who
/// cancel.
const NOT_ITS_FAULT: [&str; 2] = ["provider_state_unknown", "access_denied"];

/// How the sign-ins with a provider went within the last day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProviderStanding {
    /// When somebody signed in last.
    pub succeeded_at: Option<UnixSeconds>,
    /// How many sign-ins have failed since then.
    pub failures: u64,
    /// When the last of these failed, and why, in a word for programs.
    pub failed: Option<(UnixSeconds, String)>,
}

/// The standing of all providers, by id; absent: nobody has signed in with it within the last day.
///
/// # Errors
/// When the database cannot be read.
pub async fn standings(
    service: &Service,
) -> Result<HashMap<String, ProviderStanding>, StorageError> {
    let mut all: HashMap<String, ProviderStanding> = HashMap::new();
    let mut last_success: HashMap<String, u64> = HashMap::new();
    for event in newest(service, EventName::SignInSucceeded).await? {
        let provider = event.details.as_ref().and_then(|of| of.get("provider"));
        if let Some(id) = provider.and_then(serde_json::Value::as_str) {
            let standing = all.entry(id.to_owned()).or_default();
            standing.succeeded_at.get_or_insert(event.at.to_seconds());
            last_success.entry(id.to_owned()).or_insert(event.id);
        }
    }
    for event in newest(service, EventName::SignInFailed).await? {
        let subject = &event.subject;
        let counts = subject.kind == "provider" && !NOT_ITS_FAULT.contains(&event.reason.as_str());
        let succeeded = last_success.get(&subject.id);
        if counts && succeeded.is_none_or(|success| *success < event.id) {
            let standing = all.entry(subject.id.clone()).or_default();
            standing.failures += event.count;
            let at = event.at.to_seconds();
            standing.failed.get_or_insert((at, event.reason));
        }
    }
    Ok(all)
}

/// The newest events of a kind, newest first.
async fn newest(service: &Service, event: EventName) -> Result<Vec<StoredEvent>, StorageError> {
    let since = service.now() - REACH;
    let filter = AuditFilter {
        since: Some(UnixMillis::new(since.get().saturating_mul(1_000))),
        events: vec![event.as_str()],
        ..AuditFilter::default()
    };
    let query = AuditQuery::newest(&filter, MOST_EVENTS);
    service.storage.audit_events(query).await
}
