//! `GET sessions?user=…`, `DELETE sessions/{id}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};

use super::ApiError;
use super::identity::require;
use super::list::{ListQuery, Page, QueryResult};
use crate::administration::{self, Administrator, Scope, SessionView};
use crate::control_socket::revocations::RevokedSession;
use crate::service::Service;
use crate::storage::{ListedSession, SessionQuery, UserPage};

/// Global sessions that live, newest first; with `user` (an id or e-mail address) one user's.
pub async fn list(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    query: QueryResult,
) -> Result<Json<Page<SessionView>>, ApiError> {
    require(&administrator, Scope::SessionsRead)?;
    let query = ListQuery::checked(query)?;
    let (user, after) = (query.user(), query.after::<(u64, String)>()?);
    let sessions = service
        .storage
        .list_sessions(SessionQuery {
            user: &user,
            now: service.now(),
            after: after.as_ref().map(|(since, id)| (*since, id.as_str())),
            limit: query.limit_and_one(),
        })
        .await?;
    if sessions.is_empty() && !user.is_empty() {
        // Nobody shall take a misspelt address for somebody without sessions.
        check_user(&service, &user).await?;
    }
    let position = |last: &ListedSession| (last.since, last.id.clone());
    Ok(Json(query.page(sessions, position)))
}

/// Ends a global session: its tokens are refused in every application.
pub async fn end(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Path(id): Path<String>,
) -> Result<Json<RevokedSession>, ApiError> {
    require(&administrator, Scope::SessionsRevoke)?;
    let ended = administration::end_session(&service, &administrator, &id).await?;
    let version = ended.ok_or(ApiError::NotFound("no session with this id lives"))?;
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
