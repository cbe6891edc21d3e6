//! `GET /dashboard/sessions`: every live global session, newest first, or those of one user.

use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use portcullis::time::UnixSeconds;
use serde::Deserialize;

use super::super::allowed::Allowed;
use super::super::shell::Shell;
use super::row::Row;
use crate::api::list::{cursor, read_cursor};
use crate::api::scope::Scope;
use crate::service::Service;
use crate::sign_in::email::normal_or_text;
use crate::storage::{ListedSession, SessionQuery};
use crate::team_domain::page::failure::Failure;

const ROWS: u32 = 50;
/// The longest address or id, in bytes.
const LONGEST_USER: usize = 256;

/// What the page's address says.
#[derive(Deserialize)]
pub struct ListQuery {
    #[serde(default)]
    user: String,
    cursor: Option<String>,
}

#[derive(Template)]
#[template(path = "dashboard/sessions/list.html")]
struct ListTemplate<'a> {
    shell: Shell,
    user: &'a str,
    sessions: Vec<Row>,
    next: Option<String>,
    is_first: bool,
    first: String,
    may_end: bool,
}

/// `GET /dashboard/sessions`.
pub async fn show(
    State(service): State<Arc<Service>>,
    person: Allowed,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(query) = query.map_err(|_| Failure::BadQuery)?;
    let user = query.user.trim();
    if user.len() > LONGEST_USER {
        return Err(Failure::BadQuery);
    }
    let after: Option<(UnixSeconds, String)> = match &query.cursor {
        Some(text) => Some(read_cursor(text).ok_or(Failure::BadQuery)?),
        None => None,
    };
    let named = match user.contains('@') {
        true => normal_or_text(user),
        false => user.to_owned(),
    };
    let mut sessions = service
        .storage
        .list_sessions(SessionQuery {
            user: &named,
            now: service.now(),
            after: after.as_ref().map(|(since, id)| (*since, id.as_str())),
            limit: ROWS + 1,
        })
        .await?;
    let has_more = sessions.len() > ROWS as usize;
    sessions.truncate(ROWS as usize);
    let last = sessions.last().filter(|_| has_more);
    let own = person.session();
    let page = ListTemplate {
        shell: person.shell(),
        user,
        next: last.map(|last| address(user, Some(last))),
        is_first: after.is_none(),
        first: address(user, None),
        may_end: person.may(Scope::SessionsRevoke),
        sessions: sessions.iter().map(|one| Row::of(one, own)).collect(),
    };
    person.respond(StatusCode::OK, &page)
}

/// The address of the page after a session.
fn address(user: &str, last: Option<&ListedSession>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("user", user);
    if let Some(cursor) = last.and_then(|last| cursor(&(last.since, &last.id))) {
        query.append_pair("cursor", &cursor);
    }
    format!("/dashboard/sessions?{}", query.finish())
}
