//! `GET /users`, `POST /users`, `POST /users/disable`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::input::Input;
use super::revocations::{self, RevokedUser, UserName};
use super::{Items, SocketError};
use crate::service::Service;
use crate::sign_in::users::{self, UserWish};
use crate::tokens::secret::Plain;

/// A user, in a list.
#[derive(Debug, Serialize, Deserialize)]
pub struct UserView {
    /// `sub`.
    pub id: String,
    /// The e-mail address.
    pub email: String,
    /// Whether the user may administer.
    pub administrator: bool,
    /// Whether the user is kept out for good.
    pub disabled: bool,
    /// When the user last signed in, seconds since 1970.
    pub last_sign_in_at: Option<u64>,
}

impl From<crate::storage::User> for UserView {
    fn from(user: crate::storage::User) -> Self {
        Self {
            id: user.id,
            email: user.email,
            administrator: user.administrator,
            disabled: user.disabled,
            last_sign_in_at: user.last_sign_in_at,
        }
    }
}

/// A user to be made.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddUser {
    email: String,
    #[serde(default)]
    password: Option<Plain>,
}

/// A user that was made.
#[derive(Serialize, Deserialize)]
pub struct AddedUser {
    /// `sub`.
    pub id: String,
    /// The e-mail address.
    pub email: String,
    /// The password, if the service made it up.
    pub password: Option<String>,
}

/// All users, by address.
pub async fn list(
    State(service): State<Arc<Service>>,
) -> Result<Json<Items<UserView>>, SocketError> {
    let users = service.storage.users().await?;
    Ok(Json(Items {
        items: users.into_iter().map(UserView::from).collect(),
    }))
}

/// A new user, who is no administrator.
pub async fn add(
    State(service): State<Arc<Service>>,
    Input(request): Input<AddUser>,
) -> Result<Json<AddedUser>, SocketError> {
    let made_up = request.password.is_none();
    let wish = UserWish {
        email: &request.email,
        password: request.password,
        administrator: false,
    };
    let user = users::make(&service, wish).await?;
    Ok(Json(AddedUser {
        id: user.id,
        email: user.email,
        password: made_up.then(|| user.password.reveal().to_owned()),
    }))
}

/// A disabled user is revoked too: what they have ends now, not when it runs out.
pub async fn disable(
    State(service): State<Arc<Service>>,
    Input(request): Input<UserName>,
) -> Result<Json<RevokedUser>, SocketError> {
    revocations::revoke(&service, &request.email, true)
        .await
        .map(Json)
}
