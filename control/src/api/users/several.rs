//! Revoking several users: `POST users/revoke`.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::administrator::Administrator;
use super::super::error::ApiError;
use super::super::input::{OptionalBody, required};
use crate::administration::users::revoke_each;
use crate::problems::InputProblems;
use crate::service::Service;

/// The longest body of a call, in bytes.
pub const MAX_BODY_BYTES: usize = 64 * 1024;
const MOST_USERS: usize = 1_000;

/// The users to revoke.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = RevokeUsers)]
#[serde(deny_unknown_fields)]
struct RevokeEach {
    /// Their ids.
    #[schema(min_items = 1, max_items = 1000)]
    ids: BTreeSet<String>,
}

/// Users that were revoked at once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RevokedUsers)]
pub struct RevokedEachView {
    /// Tokens below this version of the feed are refused.
    version: u64,
    /// How many users were revoked.
    users: u64,
    /// How many global sessions ended.
    sessions_ended: u64,
    /// The ids that no user has.
    unknown: BTreeSet<String>,
}

/// Ends all sessions of several users, all of them or none.
#[utoipa::path(
    post,
    path = "/users/revoke",
    operation_id = "revoke_users",
    request_body(content = RevokeEach, example = json!({ "ids": ["fD2rYq0Vt4mJxk1cZ8sWgA"] })),
    responses(
        (status = OK, body = RevokedEachView),
        (status = NOT_FOUND, description = "No user has one of the ids."),
    ),
)]
pub async fn revoke(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    body: OptionalBody,
) -> Result<Json<RevokedEachView>, ApiError> {
    let request: RevokeEach = required(body)?;
    let count = request.ids.len();
    let mut problems = InputProblems::default();
    if !(1..=MOST_USERS).contains(&count) {
        let message = format!("must be 1 to {MOST_USERS} ids");
        problems.add("ids", format_args!("{count} ids"), message);
    }
    problems.finish()?;
    let revoked = revoke_each(&service, &administrator, &request.ids).await?;
    let revoked = revoked.ok_or(ApiError::NotFound("no user has one of these ids"))?;
    Ok(Json(RevokedEachView {
        version: revoked.revoked.version,
        users: revoked.revoked.users,
        sessions_ended: revoked.revoked.sessions_ended,
        unknown: request.ids.difference(&revoked.ids).cloned().collect(),
    }))
}
