//! `GET /dashboard/revocations/{version}`: what was revoked, and which proxies have applied it.
//!
//! Other versions of the feed have a page here, too: it says how far they have come.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use portcullis::protocol::feed::Scope as RevokedScope;
use portcullis::time::{UnixMillis, UnixSeconds};

use super::super::allowed::Allowed;
use super::super::content_policy::POLICY_WITH_CONNECTIONS;
use super::super::proxies::address;
use super::super::shell::Shell;
use super::super::shown::Shown;
use super::{existing, progress, what};
use crate::administration::audit::revoked_by::revoked_by;
use crate::administration::coverage::{self, CoverageView, WaitFor};
use crate::api::administrator::Scope;
use crate::feed::proxies::{AppliedAt, ProxyState};
use crate::service::Service;
use crate::storage::{HistoryPage, PastRevocation, StorageError};
use crate::team_domain::page::failure::Failure;
use crate::team_domain::page::time::ShownTime;

/// How long the page waits for the proxies, so that it usually says the result without a script.
const WAIT: Duration = Duration::from_secs(1);
/// The most proxies that each list on the page has.
const MAX_ROWS: usize = 100;

#[derive(Template)]
#[template(path = "dashboard/revocations/one.html")]
struct OneTemplate {
    shell: Shell,
    version: u64,
    revoked: Option<Revoked>,
    sentence: String,
    applied: u64,
    proxies: u64,
    is_complete: bool,
    /// Filter credentials with more proxies than are watched.
    unwatched: Vec<Shown>,
    missing: Vec<Missing>,
    presumed_ended: Vec<Missing>,
    rows: Vec<Row>,
    /// How many proxies the lists leave out.
    more: usize,
}

/// What was revoked.
struct Revoked {
    what: &'static str,
    subject: Shown,
    application: Option<Shown>,
    /// Who did it, if the audit log still has it.
    by: Option<Shown>,
    at: Option<ShownTime>,
    fresh: bool,
}

/// A proxy that lacks the version.
struct Missing {
    /// What tells it from others, for the script: its credential and its name.
    key: String,
    name: Shown,
    text: String,
    /// Where it can be forgotten, if it does not poll and the person may do that.
    forget: Option<String>,
}

/// A proxy that has it.
struct Row {
    name: Shown,
    node: Option<Shown>,
    address: Shown,
    after_ms: Option<u64>,
}

/// `GET /dashboard/revocations/{version}`.
pub async fn show(
    State(service): State<Arc<Service>>,
    person: Allowed,
    Path(version): Path<String>,
) -> Result<Response, Failure> {
    let version = existing(&service, &version).await?;
    let view = coverage::wait(&service, version, WaitFor::All, WAIT).await?;
    let revoked = revoked(&service, version).await?;
    let page = OneTemplate::new(&person, revoked, view, service.now());
    let mut response = person.respond(StatusCode::OK, &page)?;
    if !page.is_complete {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, POLICY_WITH_CONNECTIONS);
    }
    Ok(response)
}

/// The revocation with a version, if it is one that is in force.
async fn revoked(service: &Service, version: u64) -> Result<Option<Revoked>, StorageError> {
    let page = HistoryPage {
        below: version.checked_add(1),
        limit: 1,
    };
    let mut newest = service.storage.revocations(page).await?;
    newest.retain(|one| one.revocation.version == version);
    let mut by = revoked_by(service, &newest).await?;
    let newest = newest.into_iter().next();
    Ok(newest.map(|one| Revoked::of(one, by.remove(&version))))
}

impl OneTemplate {
    fn new(
        person: &Allowed,
        revoked: Option<Revoked>,
        view: CoverageView,
        now: UnixSeconds,
    ) -> Self {
        let sentence = progress::sentence(&view);
        let (mut applied, mut missing): (Vec<AppliedAt>, Vec<AppliedAt>) =
            view.items.into_iter().partition(|one| one.applied);
        applied.sort_by_key(|one| Reverse(one.after_ms));
        // Those that may let people in for long come before those that are about to apply it.
        missing.sort_by_key(|one| one.state == ProxyState::Live);
        let may_forget = person.may(Scope::ProxiesWrite);
        let left_out = |count: usize| count.saturating_sub(MAX_ROWS);
        let lacks = |one: &AppliedAt| Missing {
            key: format!("{} {}", one.credential, one.instance),
            name: Shown::new(&one.instance),
            text: progress::missing(one, now),
            forget: (may_forget && one.state != ProxyState::Live)
                .then(|| address("forget", (&one.credential, &one.instance))),
        };
        Self {
            shell: person.shell(),
            version: view.coverage.version,
            revoked,
            sentence,
            applied: view.coverage.applied,
            proxies: view.coverage.proxies,
            is_complete: view.coverage.complete,
            unwatched: view.unwatched.into_iter().map(Shown::from).collect(),
            more: left_out(applied.len()) + left_out(missing.len()),
            missing: missing.iter().take(MAX_ROWS).map(lacks).collect(),
            presumed_ended: view
                .presumed_ended
                .iter()
                .take(MAX_ROWS)
                .map(lacks)
                .collect(),
            rows: applied.iter().take(MAX_ROWS).map(Row::of).collect(),
        }
    }
}

impl Revoked {
    fn of(one: PastRevocation, by: Option<String>) -> Self {
        let revocation = one.revocation;
        let (subject, application) = revocation.subject.ids();
        Self {
            what: what(revocation.subject.scope()),
            subject: Shown::new(one.name.as_ref().unwrap_or(subject)),
            application: application.map(|audience| Shown::new(audience)),
            at: one
                .revoked_at
                .map(UnixMillis::to_seconds)
                .map(ShownTime::at),
            by: by.map(Shown::from),
            fresh: revocation.fresh || ends_sign_in(revocation.subject.scope()),
        }
    }
}

/// Whether the global session ends, too.
fn ends_sign_in(scope: RevokedScope) -> bool {
    match scope {
        RevokedScope::User | RevokedScope::Session => true,
        RevokedScope::Application | RevokedScope::UserApplication => false,
    }
}

impl Row {
    fn of(one: &AppliedAt) -> Self {
        Self {
            name: Shown::new(&one.instance),
            node: one.node.as_deref().map(Shown::new),
            address: Shown::new(&one.address),
            after_ms: one.after_ms,
        }
    }
}
