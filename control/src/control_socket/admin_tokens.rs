//! `GET /admin-tokens`, `POST /admin-tokens`, `POST /admin-tokens/delete`. Only here: a token of
//! the admin API makes no other.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::input::Input;
use super::{Items, SocketError};
use crate::service::Service;
use crate::storage::AdminToken;
use crate::tokens::admin_tokens::{self, MakeTokenError, TokenWish};

/// A token to be made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddAdminToken {
    scopes: Vec<String>,
    #[serde(default)]
    expires: Option<String>,
}

/// A token to be deleted.
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
    /// What it is good for.
    pub scopes: Vec<String>,
    /// When it was made, seconds since 1970.
    pub created_at: u64,
    /// Its end, seconds since 1970.
    pub expires_at: u64,
}

/// A token that was made.
#[derive(Serialize, Deserialize)]
pub struct AddedAdminToken {
    /// What every list shows.
    #[serde(flatten)]
    pub view: AdminTokenView,
    /// The token, shown this once.
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

impl From<MakeTokenError> for SocketError {
    fn from(error: MakeTokenError) -> Self {
        match error {
            MakeTokenError::Refused(refused) => Self::Refused(refused),
            error => Self::Failed(error.into()),
        }
    }
}

/// A new token, shown in the answer only.
pub async fn add(
    State(service): State<Arc<Service>>,
    Input(request): Input<AddAdminToken>,
) -> Result<Json<AddedAdminToken>, SocketError> {
    let wish = TokenWish {
        scopes: &request.scopes,
        expires: request.expires.as_deref(),
    };
    let made = admin_tokens::make(&service, &wish).await?;
    Ok(Json(AddedAdminToken {
        view: made.stored.into(),
        token: made.token.reveal().to_owned(),
    }))
}

/// All tokens, those that have run out too.
pub async fn list(
    State(service): State<Arc<Service>>,
) -> Result<Json<Items<AdminTokenView>>, SocketError> {
    let tokens = service.storage.admin_tokens().await?;
    Ok(Json(Items {
        items: tokens.into_iter().map(AdminTokenView::from).collect(),
    }))
}

/// From now on the token is refused.
pub async fn delete(
    State(service): State<Arc<Service>>,
    Input(request): Input<AdminTokenId>,
) -> Result<Json<AdminTokenId>, SocketError> {
    if service.storage.delete_admin_token(&request.id).await? {
        tracing::info!(token = request.id, "admin token deleted");
        return Ok(Json(request));
    }
    Err(SocketError::Unknown {
        path: "id",
        value: request.id,
        message: "there is no admin token with this id; `admin-token list` shows all",
    })
}
