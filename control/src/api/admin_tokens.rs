//! Admin tokens: `GET admin-tokens`, `DELETE admin-tokens/{id}`; on the control socket also
//! `GET /admin-tokens`, `POST /admin-tokens`, `POST /admin-tokens/revoke`. An admin token cannot make
//! another.

use std::sync::Arc;

use portcullis::time::UnixSeconds;

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::administrator::Administrator;
use super::command_error::CommandError;
use super::error::ApiError;
use super::input::Input;
use super::list::{Items, ListPage, ListQuery, QueryResult};
use crate::administration::admin_tokens;
use crate::service::Service;
use crate::storage::AdminToken;
use crate::tokens::admin_tokens::{AdminTokenRequest, MakeTokenError, make};

/// A token to make.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddAdminToken {
    #[serde(default)]
    name: String,
    scopes: Vec<String>,
    #[serde(default)]
    expires: Option<String>,
}

/// A token to revoke, or that was revoked.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdminTokenId {
    /// Its id.
    pub id: String,
}

/// A token, in a list.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = AdminToken)]
pub struct AdminTokenView {
    /// Its id, in logs too.
    pub id: String,
    /// What an administrator calls it; may be empty.
    pub name: String,
    /// What it allows.
    pub scopes: Vec<String>,
    /// When it was made.
    #[schema(value_type = u64, format = "unixtime")]
    pub created_at: UnixSeconds,
    /// When it expires.
    #[schema(value_type = u64, format = "unixtime")]
    pub expires_at: UnixSeconds,
    /// When it was last used, to the minute.
    #[schema(value_type = Option<u64>, format = "unixtime")]
    pub last_used_at: Option<UnixSeconds>,
}

/// A token that was made.
#[derive(Serialize, Deserialize)]
pub struct AddedAdminToken {
    /// What lists show of it.
    #[serde(flatten)]
    pub view: AdminTokenView,
    /// The token, shown only here.
    pub token: String,
}

impl From<AdminToken> for AdminTokenView {
    fn from(token: AdminToken) -> Self {
        Self {
            id: token.id,
            name: token.name,
            scopes: token.scopes,
            created_at: token.created_at,
            expires_at: token.expires_at,
            last_used_at: token.last_used_at,
        }
    }
}

impl From<MakeTokenError> for CommandError {
    fn from(error: MakeTokenError) -> Self {
        match error {
            MakeTokenError::Refused(refused) => Self::Refused(refused),
            error => Self::Failed(error.into()),
        }
    }
}

/// Makes a token, shown in this response only.
pub async fn add(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Input(request): Input<AddAdminToken>,
) -> Result<Json<AddedAdminToken>, CommandError> {
    let request = AdminTokenRequest {
        name: &request.name,
        scopes: &request.scopes,
        expires: request.expires.as_deref(),
    };
    let made = make(&service, &request, administrator.initiator()).await?;
    Ok(Json(AddedAdminToken {
        view: made.stored.into(),
        token: made.token.reveal().to_owned(),
    }))
}

/// All tokens, expired ones too.
pub async fn list(
    State(service): State<Arc<Service>>,
) -> Result<Json<Items<AdminTokenView>>, CommandError> {
    let tokens = service.storage.admin_tokens().await?;
    Ok(Json(Items {
        items: tokens.into_iter().map(AdminTokenView::from).collect(),
    }))
}

/// Lists admin tokens, the oldest first.
#[utoipa::path(
    get,
    path = "/admin-tokens",
    operation_id = "list_admin_tokens",
    params(ListQuery),
    responses((status = OK, body = ListPage<AdminTokenView>)),
)]
pub async fn list_page(
    State(service): State<Arc<Service>>,
    query: QueryResult,
) -> Result<Json<ListPage<AdminTokenView>>, ApiError> {
    let query = ListQuery::checked(query)?;
    let position = |token: &AdminToken| (token.created_at, token.id.clone());
    let after = query.after::<(UnixSeconds, String)>()?;
    // There are few, so all are read.
    let mut tokens = service.storage.admin_tokens().await?;
    tokens.retain(|token| after.as_ref().is_none_or(|after| position(token) > *after));
    tokens.truncate(query.limit_and_one() as usize);
    Ok(Json(query.page(tokens, position)))
}

/// Revokes an admin token, which is refused from then on.
#[utoipa::path(
    delete,
    path = "/admin-tokens/{id}",
    operation_id = "revoke_admin_token",
    params(("id" = String, Path, description = "The token's id: what stands before the dot.")),
    responses((status = OK, body = AdminTokenId)),
)]
pub async fn revoke(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Path(id): Path<String>,
) -> Result<Json<AdminTokenId>, ApiError> {
    if admin_tokens::revoke(&service, &administrator, &id).await? {
        Ok(Json(AdminTokenId { id }))
    } else {
        Err(ApiError::NotFound("no admin token has this id"))
    }
}

/// The same for the command line.
pub async fn revoke_by_id(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Input(request): Input<AdminTokenId>,
) -> Result<Json<AdminTokenId>, CommandError> {
    if admin_tokens::revoke(&service, &administrator, &request.id).await? {
        return Ok(Json(request));
    }
    Err(CommandError::Unknown {
        path: "id",
        value: request.id,
        message: "no admin token has this id; `admin-token list` shows all tokens",
    })
}
