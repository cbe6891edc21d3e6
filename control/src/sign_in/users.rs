//! Adding users.

use crate::problems::{InputProblems, Refused};
use crate::service::Service;
use crate::sign_in::email;
use crate::sign_in::password_hashing::{MAX_BYTES, PasswordError};
use crate::storage::{AddUserError, NewUser};
use crate::system::randomness::NoRandomness;
use crate::tokens::secret::Plain;

const SHORTEST_PASSWORD_CHARACTERS: usize = 8;

/// A user that was added.
pub struct MadeUser {
    /// `sub`.
    pub id: String,
    /// The e-mail address, lower-case.
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
    /// Whether the user may administer.
    pub administrator: bool,
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
    /// The password could not be hashed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

/// Adds a user.
///
/// # Errors
/// When nothing was added.
pub async fn make(service: &Service, request: UserRequest<'_>) -> Result<MadeUser, MakeUserError> {
    let random = service.random.as_ref();
    let email = check(&request)?;
    let password = match request.password {
        Some(password) => password,
        None => Plain::new(random.password()?),
    };
    let user = NewUser {
        id: random.id()?,
        email,
        password_hash: Some(service.passwords.hash(password.clone(), random).await?),
        administrator: request.administrator,
        created_at: service.now(),
    };
    service.storage.add_user(&user).await?;
    tracing::info!(user = user.id, "user added");
    Ok(MadeUser {
        id: user.id,
        email: user.email,
        password,
    })
}

fn check(request: &UserRequest<'_>) -> Result<String, Refused> {
    let mut problems = InputProblems::default();
    let email = email::normal(request.email);
    if email.is_none() {
        problems.add("email", request.email, "is not an e-mail address");
    }
    if let Some(password) = request.password.as_ref().map(Plain::reveal) {
        if password.chars().count() < SHORTEST_PASSWORD_CHARACTERS {
            problems.add("password", "", "must have at least 8 characters");
        }
        if password.len() > MAX_BYTES {
            problems.add("password", "", "must have at most 1024 bytes");
        }
    }
    problems.finish()?;
    email.ok_or_else(|| Refused(Vec::new()))
}
