//! `GET /dashboard/users/{id}`: a user, and their live sessions.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State as Shared};
use axum::http::StatusCode;
use axum::response::Response;

use super::super::allowed::Allowed;
use super::super::audit::line::Line;
use super::super::done::Done;
use super::super::sessions::row::Row;
use super::super::shell::Shell;
use super::super::shown::Shown;
use super::reach::ReachView;
use super::state::State;
use super::{called, find, may_disable};
use crate::administration::audit;
use crate::administration::policies::reach::reach;
use crate::administration::role::Role;
use crate::api::scope::Scope;
use crate::audit::EventName;
use crate::service::Service;
use crate::storage::{AuditFilter, ListedUser, SessionQuery};
use crate::team_domain::page::failure::Failure;
use crate::team_domain::page::time::{ShownTime, clock};

/// The most sessions that are shown.
const MOST_SESSIONS: u32 = 100;
/// The most sign-ins and refusals that are shown.
const MOST_SIGN_INS: u32 = 20;
/// What tells of them.
const SIGN_INS: [EventName; 4] = [
    EventName::SignInSucceeded,
    EventName::SignInFailed,
    EventName::SignInRefused,
    EventName::TokenIssued,
];

#[derive(Template)]
#[template(path = "dashboard/users/one.html")]
struct OneTemplate {
    shell: Shell,
    id: String,
    who: Shown,
    name: Option<Shown>,
    providers: String,
    role: &'static str,
    state: State,
    /// Until when they cannot sign in, and for how many seconds.
    blocked: Option<(String, u64)>,
    last_sign_in: Option<ShownTime>,
    sessions: Vec<Row>,
    is_enabled_again: bool,
    reach: Option<ReachView>,
    /// The last sign-ins and refusals.
    sign_ins: Vec<Line>,
    may_revoke: bool,
    may_disable: bool,
    may_enable: bool,
    may_end: bool,
}

/// `GET /dashboard/users/{id}`.
pub async fn show(
    Shared(service): Shared<Arc<Service>>,
    person: Allowed,
    Path(id): Path<String>,
    Query(done): Query<Done>,
) -> Result<Response, Failure> {
    let user = find(&service, &id).await?;
    let now = service.now();
    let sessions = service
        .storage
        .list_sessions(SessionQuery {
            user: &user.id,
            now,
            after: None,
            limit: MOST_SESSIONS,
        })
        .await?;
    let role = service.storage.stored_role(&user.id).await?;
    let state = State::of(&user, now);
    let reach = reach(&service, &user.id).await?;
    let of_user = AuditFilter {
        user: user.id.clone(),
        events: SIGN_INS.map(EventName::as_str).to_vec(),
        ..AuditFilter::default()
    };
    let sign_ins = audit::latest(&service, &of_user, MOST_SIGN_INS).await?;
    let page = OneTemplate {
        shell: person.shell(),
        who: called(&user),
        name: has_both_names(&user).then(|| Shown::new(&user.name)),
        providers: user.providers.join(", "),
        role: role.map_or("none", Role::label),
        state,
        blocked: match state {
            State::Blocked(seconds) => Some((clock(user.blocked_until), seconds)),
            State::In | State::Out | State::Disabled => None,
        },
        last_sign_in: user.last_sign_in_at.map(ShownTime::at),
        sessions: sessions
            .iter()
            .map(|one| Row::of(one, person.session()))
            .collect(),
        is_enabled_again: done.done == "enabled" && !user.disabled,
        reach: reach.as_ref().map(ReachView::of),
        sign_ins: Line::all(sign_ins),
        may_revoke: person.may(Scope::UsersRevoke),
        may_disable: may_disable(&service, &person, &user).await?,
        may_enable: user.disabled && person.may(Scope::UsersWrite),
        may_end: person.may(Scope::SessionsRevoke),
        id: user.id,
    };
    person.respond(StatusCode::OK, &page)
}

fn has_both_names(user: &ListedUser) -> bool {
    !user.name.is_empty() && !user.email.is_empty()
}
