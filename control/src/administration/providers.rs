//! How sign-ins with identity providers went lately.

use std::time::Duration;

use portcullis::time::{UnixMillis, UnixSeconds};

use super::audit::latest;
use crate::audit::EventName;
use crate::identity_providers::IdentityProvider;
use crate::service::Service;
use crate::storage::{AuditFilter, StorageError};

/// How far back failures are looked at, and how many of them.
const REACH: Duration = Duration::from_secs(24 * 60 * 60);
const MOST_FAILURES: u32 = 1_000;
/// Failures that no browser can cause. All others may be the doing of people who cancel, or of strangers.
const ITS_FAULT: [&str; 5] = [
    "provider_away",
    "provider_discovery_invalid",
    "provider_answer_invalid",
    "id_token_invalid",
    "userinfo_mismatch",
];

/// How the sign-ins with a provider went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProviderStanding {
    /// When somebody signed in last.
    pub succeeded_at: Option<UnixSeconds>,
    /// How many sign-ins have failed since then by the provider's fault, within a day.
    pub failures: u64,
    /// When the last of these failed, and why, in a word for programs.
    pub failed: Option<(UnixSeconds, String)>,
}

/// All providers, each with its standing.
///
/// # Errors
/// When the database cannot be read.
pub async fn standings(
    service: &Service,
) -> Result<Vec<(&IdentityProvider, ProviderStanding)>, StorageError> {
    let mut all = Vec::new();
    for provider in service.identity_providers.all() {
        let succeeded_at = service.storage.last_seen_with(provider.id()).await?;
        let standing = ProviderStanding {
            succeeded_at,
            ..ProviderStanding::default()
        };
        all.push((provider, standing));
    }
    if all.is_empty() {
        return Ok(all);
    }
    let since = service.now() - REACH;
    let filter = AuditFilter {
        since: Some(UnixMillis::new(since.get().saturating_mul(1_000))),
        events: vec![EventName::SignInFailed.as_str()],
        ..AuditFilter::default()
    };
    for event in latest(service, &filter, MOST_FAILURES).await? {
        let at = event.at.to_seconds();
        let mut standings = all.iter_mut();
        let of = standings.find(|(provider, standing)| {
            event.subject.kind == "provider"
                && event.subject.id == provider.id()
                && ITS_FAULT.contains(&event.reason.as_str())
                && standing
                    .succeeded_at
                    .is_none_or(|succeeded| succeeded <= at)
        });
        if let Some((_, standing)) = of {
            standing.failures += event.count;
            standing.failed.get_or_insert((at, event.reason));
        }
    }
    Ok(all)
}
