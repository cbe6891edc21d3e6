//! `GET /dashboard/proxies`: who follows the feed; first those of which nobody knows what they do.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use portcullis::time::UnixMillis;
use serde::Deserialize;

use super::super::allowed::Allowed;
use super::super::shell::Shell;
use super::super::shown::Shown;
use super::forget;
use crate::api::administrator::Scope;
use crate::feed::proxies::{ProxyState, Standing, standings};
use crate::service::Service;
use crate::sessions::durations::to_text;
use crate::team_domain::page::failure::Failure;
use crate::team_domain::page::time::{ShownTime, clock};

/// The most proxies on the page.
const MAX_ROWS: usize = 200;

/// The query after a change.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Done {
    done: String,
}

#[derive(Template)]
#[template(path = "dashboard/proxies/list.html")]
struct ListTemplate {
    shell: Shell,
    notice: Option<&'static str>,
    proxies: Vec<Row>,
    /// How many the page leaves out.
    more: usize,
}

struct Row {
    name: Shown,
    credential: Shown,
    address: Shown,
    state: &'static str,
    /// The colour of the state.
    kind: &'static str,
    /// What its state means.
    meaning: String,
    version: u64,
    behind: u64,
    last_poll: ShownTime,
    /// What it does without the feed.
    then: String,
    /// Where it can be forgotten, if the person may do that.
    forget: Option<String>,
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
    proxies.sort_by_key(|one| (order(one.state), one.proxy.instance.clone()));
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

impl Row {
    fn of(one: &Standing, newest: u64, may_forget: bool) -> Self {
        let proxy = &one.proxy;
        let is_gone = one.state != ProxyState::Live;
        Self {
            name: Shown::new(&proxy.instance),
            credential: Shown::new(&proxy.credential),
            address: Shown::new(&proxy.address),
            state: one.state.as_str(),
            kind: match one.state {
                ProxyState::Live => "good",
                ProxyState::Unknown => "bad",
                ProxyState::Stale => "warn",
                ProxyState::Replaced => "",
            },
            meaning: meaning(one),
            version: proxy.applied,
            behind: newest.saturating_sub(proxy.applied),
            last_poll: ShownTime::at(UnixMillis::to_seconds(proxy.last_seen)),
            then: then(proxy.denies_after),
            forget: (may_forget && is_gone).then(|| forget::address(&proxy.instance)),
        }
    }
}

fn meaning(one: &Standing) -> String {
    match (one.state, one.until()) {
        (ProxyState::Live, _) => String::new(),
        (ProxyState::Unknown, Some(until)) => {
            format!(
                "It may let people in by what it has until {}, then it refuses everybody.",
                clock(until)
            )
        }
        (ProxyState::Unknown, None) => {
            "It may let people in by what it has until somebody stops it.".to_owned()
        }
        (ProxyState::Stale, _) => "If it still runs, it refuses everybody.".to_owned(),
        (ProxyState::Replaced, _) => "Another process of its node has taken its place.".to_owned(),
    }
}

fn then(denies_after: Option<Duration>) -> String {
    denies_after.map_or_else(
        || "goes on".to_owned(),
        |after| format!("refuses everybody after {}", to_text(after)),
    )
}
