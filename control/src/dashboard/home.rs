//! `GET /dashboard`: what needs attention, and the first steps until they are done.

mod attention;

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use portcullis::time::UnixMillis;

use super::allowed::Allowed;
use super::shell::Shell;
use crate::service::Service;
use crate::storage::{Day, HistoryPage, SignIns, WhichUsers};
use crate::team_domain::page::failure::Failure;
use crate::team_domain::page::time::ShownTime;
use attention::{Attention, attention};

/// The version of the feed from which on the first steps are past, whatever became of them: counts of
/// sign-ins and revocations do not stay for ever.
const SETTLED: u64 = 100;

#[derive(Template)]
#[template(path = "dashboard/home.html")]
struct HomeTemplate {
    shell: Shell,
    attention: Vec<Attention>,
    /// When the feed changed last.
    changed: Option<ShownTime>,
    /// The sign-ins of today, and how many users they were.
    today: SignIns,
    users_today: u64,
    steps: Vec<Step>,
}

/// One of the first steps.
struct Step {
    done: bool,
    what: &'static str,
    /// A command that does it, if one does.
    command: &'static str,
}

/// `GET /dashboard`.
pub async fn show(
    State(service): State<Arc<Service>>,
    person: Allowed,
) -> Result<Response, Failure> {
    let steps = steps(&service).await?;
    let newest = service.notifier.newest();
    let changed = service.storage.committed_at(newest).await?;
    let now = service.now();
    let today = Day::of(now);
    let since_today = WhichUsers::SignedInSince(today.begin());
    let page = HomeTemplate {
        shell: person.shell(),
        attention: attention(&service, &person).await?,
        today: service.storage.sign_ins_on(today).await?,
        users_today: service.storage.count_users(&since_today, now).await?,
        changed: changed.map(UnixMillis::to_seconds).map(ShownTime::at),
        steps: if newest < SETTLED && steps.iter().any(|step| !step.done) {
            steps
        } else {
            Vec::new()
        },
    };
    person.respond(StatusCode::OK, &page)
}

async fn steps(service: &Service) -> Result<Vec<Step>, Failure> {
    let storage = &service.storage;
    let applications = storage.applications().await?;
    let any = HistoryPage {
        below: None,
        limit: 1,
    };
    Ok(vec![
        Step {
            done: service.identity_providers.all().next().is_some(),
            what: "Connect an identity provider, in the configuration file",
            command: "portcullis-control provider check",
        },
        Step {
            done: !applications.is_empty(),
            what: "Add an application",
            command: "portcullis-control application add wiki --origin https://wiki.example.com",
        },
        Step {
            done: storage.has_proxies().await?,
            what: "Let Envoy ask this service",
            command: "portcullis-control envoy-config",
        },
        Step {
            done: !storage.last_sign_ins().await?.is_empty(),
            what: "Open the application in a browser, and sign in",
            command: "",
        },
        Step {
            done: !storage.revocations(any).await?.is_empty(),
            what: "Revoke your own session under My Team › Users, and see the application ask you again",
            command: "",
        },
    ])
}
