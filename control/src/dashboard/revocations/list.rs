//! `GET /dashboard/revocations`: the revocations in force, the newest first.

use std::collections::HashMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use portcullis::time::UnixMillis;
use serde::Deserialize;

use super::super::allowed::Allowed;
use super::super::path::PATH;
use super::super::shell::Shell;
use super::super::shown::Shown;
use super::what;
use crate::administration::audit::revoked_by::revoked_by;
use crate::administration::coverage;
use crate::feed::proxies::Covering;
use crate::service::Service;
use crate::storage::{HistoryPage, PastRevocation};
use crate::team_domain::page::failure::Failure;
use crate::team_domain::page::time::ShownTime;

/// The most revocations on a page.
const MAX_ROWS: usize = 50;
/// One more, to know whether there is a next page.
const FETCHED: u32 = 51;

/// Which page.
#[derive(Default, Deserialize)]
pub struct Position {
    below: Option<u64>,
}

#[derive(Template)]
#[template(path = "dashboard/revocations/list.html")]
struct ListTemplate {
    shell: Shell,
    revocations: Vec<Row>,
    is_first: bool,
    next: Option<String>,
}

struct Row {
    version: u64,
    what: &'static str,
    subject: Shown,
    /// Who did it, if the audit log still has it.
    by: Option<Shown>,
    at: Option<ShownTime>,
    applied: u64,
    proxies: u64,
    slowest_ms: Option<u64>,
}

/// `GET /dashboard/revocations`.
pub async fn show(
    State(service): State<Arc<Service>>,
    person: Allowed,
    position: Result<Query<Position>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(position) = position.map_err(|_| Failure::BadQuery)?;
    let page = HistoryPage {
        below: position.below,
        limit: FETCHED,
    };
    let (mut found, covering) = coverage::history(&service, page).await?;
    let next = cut(&mut found);
    let by = revoked_by(&service, &found).await?;
    let page = ListTemplate {
        shell: person.shell(),
        revocations: found
            .into_iter()
            .map(|one| Row::of(one, &by, &covering))
            .collect(),
        is_first: position.below.is_none(),
        next: next.map(|below| format!("{PATH}/revocations?below={below}")),
    };
    person.respond(StatusCode::OK, &page)
}

/// Cuts a page; `Some` is where the next one begins. Revocations of one version stay together, because
/// the next page begins below a version.
fn cut(found: &mut Vec<PastRevocation>) -> Option<u64> {
    let version = found.get(MAX_ROWS)?.revocation.version;
    let whole = found.partition_point(|one| one.revocation.version > version);
    let (length, below) = if whole == 0 {
        (MAX_ROWS, version)
    } else {
        (whole, version.saturating_add(1))
    };
    found.truncate(length);
    Some(below)
}

impl Row {
    fn of(one: PastRevocation, by: &HashMap<u64, String>, covering: &Covering) -> Self {
        let revocation = &one.revocation;
        let coverage = covering.of(revocation.version, one.revoked_at);
        let (subject, _) = revocation.subject.ids();
        Self {
            version: revocation.version,
            what: what(revocation.subject.scope()),
            subject: Shown::new(one.name.as_ref().unwrap_or(subject)),
            by: by.get(&revocation.version).map(|by| Shown::new(by)),
            at: one
                .revoked_at
                .map(UnixMillis::to_seconds)
                .map(ShownTime::at),
            applied: coverage.applied,
            proxies: coverage.proxies,
            slowest_ms: coverage.slowest_ms,
        }
    }
}
