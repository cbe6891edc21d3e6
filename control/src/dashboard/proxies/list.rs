//! `GET /dashboard/proxies`: who follows the feed; first those of which nobody knows what they do.

use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::super::allowed::Allowed;
use super::super::done::Done;
use super::super::shell::Shell;
use super::row::Row;
use crate::api::administrator::Scope;
use crate::feed::proxies::{ProxyState, standings};
use crate::service::Service;
use crate::team_domain::page::failure::Failure;

/// The most proxies on the page.
const MAX_ROWS: usize = 200;

#[derive(Template)]
#[template(path = "dashboard/proxies/list.html")]
struct ListTemplate {
    shell: Shell,
    notice: Option<&'static str>,
    proxies: Vec<Row>,
    /// How many the page leaves out.
    more: usize,
}

/// `GET /dashboard/proxies`.
pub async fn show(
    State(service): State<Arc<Service>>,
    person: Allowed,
    done: Result<Query<Done>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(done) = done.map_err(|_| Failure::BadQuery)?;
    let storage = &service.storage;
    service.proxies.write(storage, &service.notifier).await?;
    let newest = storage.newest_version().await?;
    let mut proxies = standings(storage.proxies().await?, service.clock.now());
    proxies.sort_by(|one, other| {
        let by_state = order(one.state).cmp(&order(other.state));
        by_state.then_with(|| one.proxy.instance.cmp(&other.proxy.instance))
    });
    let may_forget = person.may(Scope::ProxiesWrite);
    let page = ListTemplate {
        shell: person.shell(),
        notice: (done.done == "forgotten")
            .then_some("The proxy was forgotten. Revocations no longer wait for it."),
        more: proxies.len().saturating_sub(MAX_ROWS),
        proxies: proxies
            .iter()
            .take(MAX_ROWS)
            .map(|one| Row::of(one, newest, may_forget))
            .collect(),
    };
    person.respond(StatusCode::OK, &page)
}

fn order(state: ProxyState) -> u8 {
    match state {
        ProxyState::Unknown => 0,
        ProxyState::Stale => 1,
        ProxyState::Live => 2,
        ProxyState::Replaced => 3,
    }
}
