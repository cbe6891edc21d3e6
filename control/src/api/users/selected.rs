//! The user that a call is about: by id in the admin API, by e-mail address or id on the control socket.

use serde::Deserialize;

use super::super::administrator::Administrator;
use super::super::command_error::CommandError;
use super::super::error::ApiError;
use crate::service::Service;
use crate::sign_in::email::normal_or_text;
use crate::storage::{StorageError, User, UserPage, UserSelector};

/// No user has the id.
pub const NO_SUCH_ID: ApiError = ApiError::NotFound("no user has this id");

/// A user, by e-mail address or id.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserEmail {
    /// The address in any spelling, or the id.
    pub email: String,
}

/// Users as an administrator names them.
pub enum NamedUser {
    /// By what the address is compared by.
    Email(String),
    /// By id: of two users whose addresses turned out to be one, only the ids differ.
    Id(String),
}

impl NamedUser {
    /// The users whom a text names.
    pub fn of(text: &str) -> Self {
        if text.contains('@') {
            Self::Email(normal_or_text(text))
        } else {
            Self::Id(text.to_owned())
        }
    }

    /// Selects them.
    pub fn selector(&self) -> UserSelector<'_> {
        match self {
            Self::Email(email) => UserSelector::Email(email),
            Self::Id(id) => UserSelector::Id(id),
        }
    }
}

/// No user has the address.
pub fn no_such_email(email: &str) -> CommandError {
    CommandError::Unknown {
        path: "email",
        value: email.to_owned(),
        message: "no user has this e-mail address or id; `user list` shows all users",
    }
}

/// The users whom a change is about, for the log: it names people as administrators know them.
pub async fn selected(
    service: &Service,
    selector: UserSelector<'_>,
) -> Result<Vec<User>, StorageError> {
    let (UserSelector::Email(user) | UserSelector::Id(user)) = selector;
    let page = UserPage {
        user,
        after: ("", ""),
        limit: 100,
    };
    service.storage.users_page(page).await
}

/// Refuses a caller who may not change the user with an id. The holder of an admin token may not
/// change a user with a role: with a new password they could act as that user.
pub async fn check_protected(
    service: &Service,
    administrator: &Administrator,
    id: &str,
) -> Result<(), ApiError> {
    let page = UserPage {
        user: id,
        after: ("", ""),
        limit: 1,
    };
    let users = service.storage.users_page(page).await?;
    let user = users.into_iter().find(|user| user.id == id);
    let user = user.ok_or(NO_SUCH_ID)?;
    match administrator {
        Administrator::Token { .. } if user.role.is_some() => Err(ApiError::AdministratorProtected),
        _ => Ok(()),
    }
}
