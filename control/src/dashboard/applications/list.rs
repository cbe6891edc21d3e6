//! `GET /dashboard/applications`: all applications, by name.

use std::collections::HashMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use portcullis::time::UnixSeconds;

use super::super::allowed::Allowed;
use super::super::shell::Shell;
use super::super::shown::Shown;
use crate::api::scope::Scope;
use crate::applications::Application;
use crate::service::Service;
use crate::sessions::durations::to_text;
use crate::team_domain::page::failure::Failure;
use crate::team_domain::page::time::ShownTime;

#[derive(Template)]
#[template(path = "dashboard/applications/list.html")]
struct ListTemplate {
    shell: Shell,
    may_add: bool,
    applications: Vec<Row>,
}

struct Row {
    audience: String,
    name: Shown,
    place: Shown,
    /// How many more places it has.
    more: usize,
    /// How many sessions are in now.
    in_now: u64,
    /// When somebody got in last, within 30 days.
    last_sign_in: Option<ShownTime>,
    duration: String,
    source: &'static str,
}

/// `GET /dashboard/applications`.
pub async fn show(
    State(service): State<Arc<Service>>,
    person: Allowed,
) -> Result<Response, Failure> {
    let applications = service.storage.applications().await?;
    let in_now = service.storage.sessions_in_each(service.now()).await?;
    let last = service.storage.last_sign_ins().await?;
    let page = ListTemplate {
        shell: person.shell(),
        may_add: person.may(Scope::ApplicationsWrite),
        applications: applications
            .iter()
            .map(|one| Row::of(one, &in_now, &last))
            .collect(),
    };
    person.respond(StatusCode::OK, &page)
}

impl Row {
    fn of(
        application: &Application,
        in_now: &HashMap<String, u64>,
        last: &HashMap<String, UnixSeconds>,
    ) -> Self {
        let definition = &application.definition;
        let first = definition.origins.first();
        let place = first.map(ToString::to_string).unwrap_or_default();
        Self {
            audience: application.audience.clone(),
            name: Shown::new(&definition.name),
            place: Shown::new(place.trim_start_matches("https://")),
            more: definition.origins.len().saturating_sub(1),
            in_now: in_now
                .get(&application.audience)
                .copied()
                .unwrap_or_default(),
            last_sign_in: last.get(&application.audience).copied().map(ShownTime::at),
            duration: to_text(definition.session_duration()),
            source: if application.declared {
                "file"
            } else {
                "dashboard"
            },
        }
    }
}
