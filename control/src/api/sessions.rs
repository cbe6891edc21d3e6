//! Global sessions: `GET sessions?user=…`, `GET sessions/{id}`, `DELETE sessions/{id}`; on the control socket also
//! `POST /revocations/session`.
//!
//! A session's end is answered when it is durable; filters are notified at once.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use portcullis::time::UnixSeconds;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::administrator::Administrator;
use super::command_error::CommandError;
use super::error::ApiError;
use super::input::Input;
use super::list::{HIGHEST_LIMIT, ListPage, ListQuery, default_limit};
use crate::administration::sessions::end_session;
use crate::service::Service;
use crate::sign_in::email::characters::scripts_of;
use crate::sign_in::email::normal_or_text;
use crate::storage::{ListedSession, SessionQuery, UsedApplication, UserPage};

const NO_SUCH_SESSION: ApiError = ApiError::NotFound("no live session has this id");

/// Which sessions to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct SessionsQuery {
    /// Those of one user, by e-mail address or id.
    #[serde(default)]
    user: String,
    /// How many sessions a page has.
    #[serde(default = "default_limit")]
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: u32,
    /// The `next` of the page before; absent for the first page.
    cursor: Option<String>,
}

/// A live global session.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionView {
    /// The id: `sid` of its tokens.
    pub id: String,
    /// The user's e-mail address.
    pub user: String,
    /// The scripts that the address mixes; empty if it has one.
    #[serde(default)]
    pub mixed_scripts: Vec<String>,
    /// The user's id: `sub` of its tokens.
    pub user_id: String,
    /// The browser in plain words, as it says itself.
    pub browser: String,
    /// The browser's `user-agent`.
    pub user_agent: String,
    /// The client address of the last sign-in.
    pub address: String,
    /// The applications for which tokens were issued under it.
    pub applications: Vec<UsedApplicationView>,
    /// When it began.
    #[schema(value_type = u64, format = "unixtime")]
    pub since: UnixSeconds,
    /// When it ends.
    #[schema(value_type = u64, format = "unixtime")]
    pub until: UnixSeconds,
    /// When the user last signed in.
    #[schema(value_type = u64, format = "unixtime")]
    pub signed_in_at: UnixSeconds,
    /// When a token was last issued under it, to the minute.
    #[schema(value_type = u64, format = "unixtime")]
    pub last_used_at: UnixSeconds,
}

/// An application for which a session was used.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = UsedApplication)]
pub struct UsedApplicationView {
    /// Its name.
    pub name: String,
    /// When a token was last issued for it, to the minute.
    #[schema(value_type = u64, format = "unixtime")]
    pub last_token_at: UnixSeconds,
}

/// A session to end.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionId {
    id: String,
}

/// A session that was ended.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RevokedSession {
    /// Its tokens below this version of the feed are refused.
    pub version: u64,
}

impl From<ListedSession> for SessionView {
    fn from(session: ListedSession) -> Self {
        let view = |used: UsedApplication| UsedApplicationView {
            name: used.name,
            last_token_at: used.last_token_at,
        };
        Self {
            id: session.id,
            mixed_scripts: scripts_of(&session.email),
            user: session.email,
            user_id: session.user_id,
            browser: session.browser,
            user_agent: session.user_agent,
            address: session.address,
            applications: session.applications.into_iter().map(view).collect(),
            since: session.since,
            until: session.until,
            signed_in_at: session.signed_in_at,
            last_used_at: session.last_used_at,
        }
    }
}

/// Lists live sessions, newest first.
#[utoipa::path(
    get,
    path = "/sessions",
    operation_id = "list_sessions",
    params(SessionsQuery),
    responses(
        (status = OK, body = ListPage<SessionView>),
        (status = NOT_FOUND, description = "No user has the address or id."),
    ),
)]
pub async fn list(
    State(service): State<Arc<Service>>,
    query: Result<Query<SessionsQuery>, QueryRejection>,
) -> Result<Json<ListPage<SessionView>>, ApiError> {
    let Query(query) = query.map_err(|error| ApiError::RequestInvalid(error.body_text()))?;
    let page = ListQuery::within(query.limit, query.cursor, HIGHEST_LIMIT)?;
    let after = page.after::<(UnixSeconds, String)>()?;
    let user = if query.user.contains('@') {
        normal_or_text(&query.user)
    } else {
        query.user
    };
    let sessions = service
        .storage
        .list_sessions(SessionQuery {
            user: &user,
            now: service.now(),
            after: after.as_ref().map(|(since, id)| (*since, id.as_str())),
            limit: page.limit_and_one(),
        })
        .await?;
    if sessions.is_empty() && !user.is_empty() {
        // A misspelt address must not look like a user without sessions.
        check_user(&service, &user).await?;
    }
    let position = |last: &ListedSession| (last.since, last.id.clone());
    Ok(Json(page.page(sessions, position)))
}

/// Shows a live session.
#[utoipa::path(
    get,
    path = "/sessions/{id}",
    operation_id = "show_session",
    params(("id" = String, Path, description = "The session's id: `sid` of its tokens.")),
    responses((status = OK, body = SessionView)),
)]
pub async fn show(
    State(service): State<Arc<Service>>,
    Path(id): Path<String>,
) -> Result<Json<SessionView>, ApiError> {
    let session = service.storage.listed_session(&id, service.now()).await?;
    Ok(Json(session.ok_or(NO_SUCH_SESSION)?.into()))
}

/// Ends a session: its tokens are refused in every application.
#[utoipa::path(
    delete,
    path = "/sessions/{id}",
    operation_id = "end_session",
    params(("id" = String, Path, description = "The session's id: `sid` of its tokens.")),
    responses((status = OK, body = RevokedSession)),
)]
pub async fn end(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Path(id): Path<String>,
) -> Result<Json<RevokedSession>, ApiError> {
    let ended = end_session(&service, &administrator, &id).await?;
    let version = ended.ok_or(NO_SUCH_SESSION)?;
    Ok(Json(RevokedSession { version }))
}

/// The same for the command line.
pub async fn end_by_id(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Input(request): Input<SessionId>,
) -> Result<Json<RevokedSession>, CommandError> {
    let ended = end_session(&service, &administrator, &request.id).await?;
    let version = ended.ok_or(CommandError::Unknown {
        path: "id",
        value: request.id,
        message: "no live session has this id; `session list` shows all live sessions",
    })?;
    Ok(Json(RevokedSession { version }))
}

async fn check_user(service: &Service, user: &str) -> Result<(), ApiError> {
    let page = UserPage {
        user,
        after: ("", ""),
        limit: 1,
    };
    if service.storage.users_page(page).await?.is_empty() {
        return Err(ApiError::NotFound("no user has this e-mail address or id"));
    }
    Ok(())
}
