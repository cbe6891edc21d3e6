//! `GET /dashboard/users/{id}/revoke` and `/dashboard/users/revoke?id=…` ask, the POSTs revoke: all sessions
//! of one user, or of several.

use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::super::allowed::Allowed;
use super::super::fields::Fields;
use super::super::fresh::Fresh;
use super::super::path::PATH;
use super::super::revocations;
use super::super::shell::Shell;
use super::super::shown::Shown;
use super::{ROWS, called, find, in_words, is_own, may_disable};
use crate::administration::users::revoke_users;
use crate::service::Service;
use crate::storage::{ListedUser, SessionQuery, UserSelector};
use crate::team_domain::page::failure::Failure;

/// The most sessions whose applications are named.
const MOST_SESSIONS: u32 = 100;

#[derive(Template)]
#[template(path = "dashboard/users/revoke.html")]
struct RevokeTemplate {
    shell: Shell,
    /// Where the form goes.
    action: String,
    title: String,
    users: Vec<Row>,
    sessions: u64,
    applications: Shown,
    block: String,
    is_own: bool,
    may_disable: bool,
    is_none_chosen: bool,
}

struct Row {
    id: String,
    who: Shown,
    sessions: u64,
}

/// `GET /dashboard/users/{id}/revoke`.
pub async fn ask(
    State(service): State<Arc<Service>>,
    fresh: Fresh,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let person = fresh.person();
    let user = find(&service, &id).await?;
    let sessions = service
        .storage
        .list_sessions(SessionQuery {
            user: &user.id,
            now: service.now(),
            after: None,
            limit: MOST_SESSIONS,
        })
        .await?;
    let mut applications: Vec<&str> = sessions
        .iter()
        .flat_map(|session| &session.applications)
        .map(|used| used.name.as_str())
        .collect();
    applications.sort_unstable();
    applications.dedup();
    let page = RevokeTemplate {
        action: format!("{PATH}/users/{}/revoke", user.id),
        applications: Shown::new(&applications.join(", ")),
        may_disable: may_disable(&service, person, &user).await?,
        ..confirm(&service, person, vec![user])
    };
    person.respond(StatusCode::OK, &page)
}

/// `GET /dashboard/users/revoke`: the form of the list, with an `id` for each user who was selected.
pub async fn ask_for_several(
    State(service): State<Arc<Service>>,
    fresh: Fresh,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Result<Response, Failure> {
    let person = fresh.person();
    let Query(query) = query.map_err(|_| Failure::BadQuery)?;
    let ids = query.iter().filter(|(name, _)| name == "id");
    let ids: Vec<&str> = ids.map(|(_, id)| id.as_str()).collect();
    let users = several(&service, &ids).await?;
    let page = confirm(&service, person, users);
    person.respond(StatusCode::OK, &page)
}

/// `POST /dashboard/users/{id}/revoke`.
pub async fn revoke(
    State(service): State<Arc<Service>>,
    fresh: Fresh,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    let person = fresh.person();
    let user = find(&service, &id).await?;
    let wants_disable = !fields.text("disable").is_empty();
    let disable = wants_disable && may_disable(&service, person, &user).await?;
    if wants_disable && !disable {
        return Err(Failure::BadForm);
    }
    let by = person.acting(&fields);
    let selector = UserSelector::Id(&user.id);
    let revoked = revoke_users(&service, &by, selector, disable).await?;
    revocations::made(revoked.ok_or(Failure::NotFound)?.version)
}

/// `POST /dashboard/users/revoke`.
pub async fn revoke_several(
    State(service): State<Arc<Service>>,
    fresh: Fresh,
    fields: Fields,
) -> Result<Response, Failure> {
    let person = fresh.person();
    let ids: Vec<&str> = fields.all("id").collect();
    let users = several(&service, &ids).await?;
    let by = person.acting(&fields);
    let mut newest = None;
    for user in users {
        let selector = UserSelector::Id(&user.id);
        let revoked = revoke_users(&service, &by, selector, false).await?;
        newest = newest.max(revoked.map(|revoked| revoked.version));
    }
    revocations::made(newest.ok_or(Failure::NotFound)?)
}

async fn several(service: &Service, ids: &[&str]) -> Result<Vec<ListedUser>, Failure> {
    // No more are selected than the list shows.
    if ids.len() > ROWS as usize {
        return Err(Failure::BadForm);
    }
    let mut users = Vec::new();
    for id in ids {
        users.push(find(service, id).await?);
    }
    Ok(users)
}

fn confirm(service: &Service, person: &Allowed, users: Vec<ListedUser>) -> RevokeTemplate {
    let title = match users.as_slice() {
        [user] => called(user).plain().to_owned(),
        users => format!("{} users", users.len()),
    };
    RevokeTemplate {
        shell: person.shell(),
        action: format!("{PATH}/users/revoke"),
        title,
        sessions: users.iter().map(|user| user.sessions).sum(),
        applications: Shown::new(""),
        block: in_words(service.config.sessions.login_block_after_revoke),
        is_own: users.iter().any(|user| is_own(user, person.session())),
        may_disable: false,
        is_none_chosen: users.is_empty(),
        users: users.iter().map(Row::of).collect(),
    }
}

impl Row {
    fn of(user: &ListedUser) -> Self {
        Self {
            id: user.id.clone(),
            who: called(user),
            sessions: user.sessions,
        }
    }
}
