//! Adding users.

use super::email::Address;
use super::email::characters::{mixed_scripts, visible};
use super::new_password::{self, NewPasswordError};
use super::password_hashing::Caller;
use crate::administration::role::Role;
use crate::audit::Initiator;
use crate::problems::{InputProblems, Refused};
use crate::service::Service;
use crate::storage::{AddUserError, NewUser};
use crate::system::randomness::NoRandomness;
use crate::tokens::secret::Plain;

/// A user that was added.
pub struct MadeUser {
    /// `sub`.
    pub id: String,
    /// The e-mail address, as it is shown.
    pub email: String,
    /// The password, to be shown once.
    pub password: Plain,
}

/// A user to add.
pub struct UserRequest<'a> {
    /// The e-mail address.
    pub email: &'a str,
    /// The password; generated if absent.
    pub password: Option<Plain>,
    /// The role.
    pub role: Option<Role>,
}

/// Why a user was not added.
#[derive(Debug, thiserror::Error)]
pub enum MakeUserError {
    /// The request is invalid.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The address is taken, or the database failed.
    #[error(transparent)]
    Add(#[from] AddUserError),
    /// The password could not be made.
    #[error(transparent)]
    Password(#[from] NewPasswordError),
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

/// Adds a user.
///
/// # Errors
/// When nothing was added.
pub async fn make(
    service: &Service,
    request: UserRequest<'_>,
    by: &Initiator,
) -> Result<MadeUser, MakeUserError> {
    let address = check(&request)?;
    let password = new_password::make(service, Caller::Administrator, request.password).await?;
    let user = NewUser {
        id: service.random.id()?,
        email: address,
        password_hash: Some(password.hash),
        role: request.role,
        created_at: service.now(),
    };
    service.storage.add_user(&user, by).await?;
    let email = user.email.shown();
    let scripts = mixed_scripts(email);
    if scripts.is_empty() {
        tracing::info!(user = user.id, email, "user added");
    } else {
        tracing::warn!(
            user = user.id,
            email,
            scripts = scripts.join(", "),
            "user added; the address mixes letters of several scripts, which may look alike"
        );
    }
    Ok(MadeUser {
        email: email.to_owned(),
        id: user.id,
        password: password.plain,
    })
}

fn check(request: &UserRequest<'_>) -> Result<Address, Refused> {
    let mut problems = InputProblems::default();
    let address = Address::parse(request.email);
    if let Err(error) = &address {
        problems.add("email", visible(request.email), error);
    }
    if let Some(password) = &request.password {
        new_password::check(password, &mut problems);
    }
    problems.finish()?;
    address.map_err(|_| Refused(Vec::new()))
}
