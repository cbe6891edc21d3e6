//! Admin tokens: `GET /admin-tokens`, `POST /admin-tokens`, `POST /admin-tokens/delete`, on the
//! control socket only: an admin token cannot make another.

use std::sync::Arc;

use portcullis::time::UnixSeconds;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::command_error::CommandError;
use super::input::Input;
use super::list::Items;
use crate::service::Service;
use crate::storage::AdminToken;
use crate::tokens::admin_tokens::{self, AdminTokenRequest, MakeTokenError};

/// A token to make.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddAdminToken {
    scopes: Vec<String>,
    #[serde(default)]
    expires: Option<String>,
}

/// A token to delete.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdminTokenId {
    /// Its id.
    pub id: String,
}

/// A token, in a list.
#[derive(Debug, Serialize, Deserialize)]
pub struct AdminTokenView {
    /// Its id, in logs too.
    pub id: String,
    /// What it allows.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: UnixSeconds,
    /// When it expires.
    pub expires_at: UnixSeconds,
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
            scopes: token.scopes,
            created_at: token.created_at,
            expires_at: token.expires_at,
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
    Input(request): Input<AddAdminToken>,
) -> Result<Json<AddedAdminToken>, CommandError> {
    let request = AdminTokenRequest {
        scopes: &request.scopes,
        expires: request.expires.as_deref(),
    };
    let made = admin_tokens::make(&service, &request).await?;
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

/// Deletes a token, which is refused from then on.
pub async fn delete(
    State(service): State<Arc<Service>>,
    Input(request): Input<AdminTokenId>,
) -> Result<Json<AdminTokenId>, CommandError> {
    if service.storage.delete_admin_token(&request.id).await? {
        tracing::info!(token = request.id, "admin token deleted");
        return Ok(Json(request));
    }
    Err(CommandError::Unknown {
        path: "id",
        value: request.id,
        message: "no admin token has this id; `admin-token list` shows all tokens",
    })
}
