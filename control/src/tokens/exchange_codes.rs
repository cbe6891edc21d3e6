//! Exchange codes, with which a browser carries a sign-in from the team domain to the application.

use std::time::Duration;

use crate::service::Service;
use crate::storage::{NewCode, Session, StorageError};
use crate::system::randomness::NoRandomness;
use crate::tokens::secret::Plain;

/// How long a code lives. A redirect takes a second or two.
pub const LIFE: Duration = Duration::from_secs(60);

/// What a code is bound to.
pub struct CodeFor<'a> {
    /// The application.
    pub audience: &'a str,
    /// The application's origin to which the user returns.
    pub origin: &'a str,
    /// The PKCE challenge (RFC 7636).
    pub challenge: &'a str,
    /// The path and query to which the user returns.
    pub return_to: &'a str,
}

/// Why no code was issued.
#[derive(Debug, thiserror::Error)]
pub enum IssueCodeError {
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

/// Issues a code for a session; `None` if the session has ended meanwhile.
///
/// # Errors
/// When nothing was issued.
pub async fn issue(
    service: &Service,
    session: &Session,
    bound_to: &CodeFor<'_>,
) -> Result<Option<Plain>, IssueCodeError> {
    let code = Plain::new(service.random.secret()?);
    let stored = NewCode {
        hash: code.hashed(),
        shown: session.into(),
        audience: bound_to.audience.to_owned(),
        origin: bound_to.origin.to_owned(),
        challenge: bound_to.challenge.to_owned(),
        return_to: bound_to.return_to.to_owned(),
        expires_at: service.now() + LIFE,
    };
    Ok(service.storage.add_code(&stored).await?.then_some(code))
}
