//! `GET /dashboard/applications/{audience}`: Edit › Overview.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use portcullis::protocol::calls::SameSite;

use super::super::allowed::Allowed;
use super::super::audit::line::Line;
use super::super::bars::Bars;
use super::super::done::Done;
use super::super::revocations::progress;
use super::super::sessions::row::Row;
use super::super::shell::Shell;
use super::super::shown::Shown;
use super::find;
use super::tabs::{Tab, tabs};
use crate::administration::audit;
use crate::administration::coverage::{self, WaitFor};
use crate::api::scope::Scope;
use crate::applications::Application;
use crate::service::Service;
use crate::sessions::durations::to_text;
use crate::storage::{AuditFilter, Day};
use crate::team_domain::page::failure::Failure;

/// The most sessions that are shown.
const MOST_SESSIONS: u32 = 20;
/// The most events of the audit log that are shown.
const MOST_EVENTS: u32 = 10;

#[derive(Template)]
#[template(path = "dashboard/applications/overview.html")]
struct OverviewTemplate {
    shell: Shell,
    tabs: Vec<Tab>,
    name: Shown,
    audience: String,
    origins: Vec<Place>,
    is_added: bool,
    is_declared: bool,
    durations: String,
    http_only: bool,
    binding_cookie: bool,
    same_site: &'static str,
    /// How far the newest version of the feed has come.
    in_force: String,
    /// How many sessions are in now, and the newest of them.
    in_now: u64,
    sessions: Vec<Row>,
    /// The sign-ins of the last days.
    sign_ins: Bars,
    /// The latest of the audit log, and where all of them are.
    events: Vec<Line>,
    all_events: String,
    may_end: bool,
    may_revoke: bool,
    may_delete: bool,
}

/// Where it is reached.
struct Place {
    text: Shown,
    /// A wildcard leads nowhere.
    is_link: bool,
}

/// `GET /dashboard/applications/{audience}`.
pub async fn show(
    State(service): State<Arc<Service>>,
    person: Allowed,
    Path(audience): Path<String>,
    Query(done): Query<Done>,
) -> Result<Response, Failure> {
    let application = find(&service, &audience).await?;
    let definition = &application.definition;
    let (storage, now) = (&service.storage, service.now());
    let newest = coverage::of(&service, service.notifier.newest(), WaitFor::All).await?;
    let sessions = storage.newest_sessions_in(&audience, (now, MOST_SESSIONS));
    let sign_ins = storage.sign_ins_at(&audience, Day::of(now)).await?;
    let of_application = AuditFilter {
        application: definition.name.clone(),
        ..AuditFilter::default()
    };
    let events = audit::latest(&service, &of_application, MOST_EVENTS).await?;
    let page = OverviewTemplate {
        shell: person.shell(),
        tabs: tabs(&person, &application.audience),
        name: Shown::new(&definition.name),
        origins: definition
            .origins
            .iter()
            .map(ToString::to_string)
            .map(|origin| Place {
                is_link: !origin.contains('*'),
                text: Shown::new(&origin),
            })
            .collect(),
        is_added: done.done == "added",
        is_declared: application.declared,
        durations: durations(&service, &application),
        http_only: definition.cookie.http_only,
        binding_cookie: definition.binding_cookie,
        same_site: match definition.cookie.same_site {
            SameSite::None => "None",
            SameSite::Lax => "Lax",
            SameSite::Strict => "Strict",
        },
        in_force: progress::sentence(&newest),
        in_now: storage.sessions_in(&audience, now).await?,
        sessions: sessions
            .await?
            .iter()
            .map(|session| Row::of(session, person.session()))
            .collect(),
        sign_ins: Bars::of(&sign_ins),
        events: Line::all(events),
        all_events: all_events(&definition.name),
        may_end: person.may(Scope::SessionsRevoke),
        may_revoke: person.may(Scope::ApplicationsRevoke),
        may_delete: person.may(Scope::ApplicationsWrite) && !application.declared,
        audience: application.audience,
    };
    person.respond(StatusCode::OK, &page)
}

/// The audit log of an application.
fn all_events(name: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("application", name)
        .finish();
    format!("/dashboard/audit?{query}")
}

/// Both durations in a sentence or two, for people who sign in here.
fn durations(service: &Service, application: &Application) -> String {
    let own = application.definition.session_duration();
    let configured = service.config.sessions.global_duration;
    let sentence = match service.single_sign_on() {
        true => sentence(service.global_duration(Some(own)), own),
        false => "Every sign-in asks, and lasts one minute.".to_owned(),
    };
    match configured {
        Some(_) => sentence,
        None => format!(
            "{sentence} Whoever signed in at another application signs in again as often as that one asks."
        ),
    }
}

fn sentence(global: Duration, own: Duration) -> String {
    let (every, renewed) = (to_text(global), to_text(own));
    if own.is_zero() {
        format!(
            "People sign in once every {every}; in between, every page load looks at session, user and \
             policy again."
        )
    } else if global > own {
        format!(
            "People sign in once every {every}; in between, the session here renews itself every {renewed}."
        )
    } else {
        format!("People sign in once every {every}; the session here ends with the sign-in.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_session_that_is_shorter_than_the_sign_in_renews_itself() {
        let hours = |hours: u64| Duration::from_secs(hours * 3600);
        let said = |global, own| sentence(hours(global), hours(own));
        assert!(
            said(8, 1).ends_with("every 8h; in between, the session here renews itself every 1h.")
        );
        for own in [8, 24] {
            assert!(said(8, own).ends_with("every 8h; the session here ends with the sign-in."));
        }
        assert!(said(8, 0).contains("every 8h; in between, every page load"));
    }
}
