//! `GET /dashboard/settings/keys`: the signing keys, newest first.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use portcullis::time::UnixSeconds;

use super::super::super::allowed::Allowed;
use super::super::super::done::Done;
use super::super::super::shell::Shell;
use crate::api::scope::Scope;
use crate::service::Service;
use crate::sessions::durations::to_text;
use crate::storage::StoredKey;
use crate::team_domain::page::failure::Failure;
use crate::team_domain::page::time::ShownTime;
use crate::tokens::keys::rotation::rotates_at;
use crate::tokens::keys::state::{KeyState, WAITS_FOR_PROXIES};

#[derive(Template)]
#[template(path = "dashboard/settings/keys.html")]
struct KeysTemplate {
    shell: Shell,
    notice: Option<&'static str>,
    /// How often the service replaces the key by itself.
    every: Option<String>,
    may_rotate: bool,
    may_refuse: bool,
    keys: Vec<Row>,
}

struct Row {
    kid: String,
    algorithm: String,
    state: &'static str,
    tag: &'static str,
    /// What happens next, and when.
    next: &'static str,
    at: Option<ShownTime>,
    made: ShownTime,
    /// How far the feed has brought it, on the page of its version.
    version: Option<u64>,
    is_refused: bool,
}

/// `GET /dashboard/settings/keys`.
pub async fn show(
    State(service): State<Arc<Service>>,
    person: Allowed,
    Query(done): Query<Done>,
) -> Result<Response, Failure> {
    let keys = service.storage.signing_keys().await?.keys;
    let page = KeysTemplate {
        shell: person.shell(),
        notice: notice(&done.done),
        every: service.config.keys.rotate_every.map(to_text),
        may_rotate: person.may(Scope::KeysRotate),
        may_refuse: person.may(Scope::KeysRefuse),
        keys: keys.iter().map(|key| Row::of(&service, key)).collect(),
    };
    person.respond(StatusCode::OK, &page)
}

fn notice(done: &str) -> Option<&'static str> {
    match done {
        "rotated" => Some(
            "A new key is published. It signs once all proxies know it: after a minute at the earliest, \
             after ten at the latest.",
        ),
        "refused_before" => Some("That key was refused before. Nothing was changed."),
        _ => None,
    }
}

impl Row {
    fn of(service: &Service, key: &StoredKey) -> Self {
        let (next, at) = next(service, key.state);
        Self {
            kid: key.material.kid.clone(),
            algorithm: key.material.algorithm.clone(),
            state: key.state.as_str(),
            tag: match key.state {
                KeyState::Signing { .. } => "good",
                KeyState::Refused { .. } => "bad",
                KeyState::Published { .. } | KeyState::Accepted { .. } => "",
            },
            next,
            at: at.map(ShownTime::at),
            made: ShownTime::at(key.created_at),
            version: match key.state {
                KeyState::Published { version, .. } | KeyState::Refused { version, .. } => {
                    Some(version)
                }
                KeyState::Signing { .. } | KeyState::Accepted { .. } => None,
            },
            is_refused: matches!(key.state, KeyState::Refused { .. }),
        }
    }
}

fn next(service: &Service, state: KeyState) -> (&'static str, Option<UnixSeconds>) {
    match state {
        KeyState::Published { since, .. } => {
            ("signs at the latest", Some(since + WAITS_FOR_PROXIES))
        }
        KeyState::Signing { since } => match rotates_at(service, since) {
            Some(at) => ("is replaced", Some(at)),
            None => ("signs until somebody rotates", None),
        },
        KeyState::Accepted { until, .. } => ("its last token ends", Some(until)),
        KeyState::Refused { since, .. } => ("refused", Some(since)),
    }
}
