//! What needs somebody's attention, the worst first.

use std::time::Duration;

use super::super::allowed::Allowed;
use super::super::settings::SOON;
use crate::administration::role::Role;
use crate::administration::{coverage, providers};
use crate::feed::proxies::{Covering, ProxyState};
use crate::server::first_start::ADMINISTRATOR;
use crate::service::Service;
use crate::storage::{HistoryPage, StorageError};
use crate::words::counted;

/// How long a revocation may be under way.
const UNDER_WAY: Duration = Duration::from_secs(10);
/// How many of the newest revocations are looked at: a proxy that lacks an older one lacks these, too.
const NEWEST: u32 = 10;

/// How many sign-ins in a row must fail before a provider counts as failing.
const FAILURES: u64 = 3;

/// Something that needs attention.
pub struct Attention {
    /// `bad` or `warn`.
    pub kind: &'static str,
    /// What it is.
    pub text: String,
    /// Where something can be done about it.
    pub page: String,
}

impl Attention {
    /// How bad it is, in a word.
    pub fn word(&self) -> &'static str {
        match self.kind {
            "bad" => "Now",
            _ => "Soon",
        }
    }
}

/// All of it.
///
/// # Errors
/// When the database failed.
pub async fn attention(
    service: &Service,
    person: &Allowed,
) -> Result<Vec<Attention>, StorageError> {
    let mut all = Vec::new();
    let covering = coverage::without_times(service).await?;
    all.extend(under_way(service, &covering).await?);
    all.extend(unknown_proxies(&covering));
    all.extend(failing_providers(service).await?);
    all.extend(ending(service).await?);
    all.extend(first_administrator(service, person).await?);
    Ok(all)
}

/// A revocation that some proxy lacks.
async fn under_way(
    service: &Service,
    covering: &Covering,
) -> Result<Option<Attention>, StorageError> {
    let page = HistoryPage {
        below: None,
        limit: NEWEST,
    };
    let revocations = service.storage.revocations(page).await?;
    let now = service.clock.now();
    let late = revocations.iter().find(|one| {
        let is_old = one.revoked_at.is_none_or(|at| at + UNDER_WAY <= now);
        let coverage = covering.of(one.revocation.version, one.revoked_at);
        is_old && !coverage.complete
    });
    Ok(late.map(|one| {
        let version = one.revocation.version;
        let coverage = covering.of(version, one.revoked_at);
        Attention {
            kind: "bad",
            text: format!(
                "A revocation is not in force everywhere: applied by {} of {}.",
                coverage.applied,
                counted(coverage.proxies, "proxy", "proxies")
            ),
            page: format!("/dashboard/revocations/{version}"),
        }
    }))
}

/// Proxies that may still let people in by what they have.
fn unknown_proxies(covering: &Covering) -> Option<Attention> {
    let count = covering.count_in(ProxyState::Unknown);
    (count > 0).then(|| Attention {
        kind: "bad",
        text: format!(
            "{} no longer polled, and may still let people in.",
            counted(count, "proxy has", "proxies have")
        ),
        page: "/dashboard/proxies".to_owned(),
    })
}

/// Providers with which nobody gets in any more.
async fn failing_providers(service: &Service) -> Result<Vec<Attention>, StorageError> {
    let standings = providers::standings(service).await?.into_iter();
    let failing = standings.filter_map(|(provider, standing)| {
        let (_, reason) = standing.failed?;
        (standing.failures >= FAILURES).then(|| Attention {
            kind: "bad",
            text: format!(
                "The last {} sign-ins with {} failed, the last one with {reason}.",
                standing.failures,
                provider.name()
            ),
            page: "/dashboard/settings/providers".to_owned(),
        })
    });
    Ok(failing.collect())
}

/// The administrator of the first start, once others sign in with a provider: a password that was on a
/// screen is no longer needed.
async fn first_administrator(
    service: &Service,
    person: &Allowed,
) -> Result<Option<Attention>, StorageError> {
    if person.role() < Role::Administrator || person.session().provided.is_none() {
        return Ok(None);
    }
    let users = service.storage.users_with_roles().await?;
    let first = users
        .into_iter()
        .find(|user| user.email == ADMINISTRATOR && !user.disabled);
    Ok(first.map(|_| Attention {
        kind: "warn",
        text: format!(
            "Administrators sign in with a provider now, but {ADMINISTRATOR} still has a role, and its password \
             was shown at the first start. Take the role away."
        ),
        page: "/dashboard/administrators".to_owned(),
    }))
}

/// Secrets of programs that end soon.
async fn ending(service: &Service) -> Result<Vec<Attention>, StorageError> {
    let now = service.now();
    let is_soon = |ends| now < ends && ends <= now + SOON;
    let service_tokens = service.storage.service_tokens().await?;
    let service_tokens = service_tokens.iter();
    let service_tokens = service_tokens.filter(|one| !one.disabled && is_soon(one.expires_at));
    let admin_tokens = service.storage.admin_tokens().await?;
    let admin_tokens = admin_tokens.iter().filter(|one| is_soon(one.expires_at));
    let counts = [
        (
            service_tokens.count() as u64,
            ("service token ends", "service tokens end"),
            "/dashboard/settings/service-tokens",
        ),
        (
            admin_tokens.count() as u64,
            ("admin token ends", "admin tokens end"),
            "/dashboard/settings/admin-tokens",
        ),
    ];
    let counts = counts.into_iter().filter(|(count, ..)| *count > 0);
    Ok(counts
        .map(|(count, (one, many), page)| Attention {
            kind: "warn",
            text: format!("{} within 14 days.", counted(count, one, many)),
            page: page.to_owned(),
        })
        .collect())
}
