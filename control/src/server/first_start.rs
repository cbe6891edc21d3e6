//! The first start without a configuration file makes an administrator and a filter credential, so
//! that there is something to sign in with, on the team domain's own pages. Both are shown once on the terminal and never logged.

use serde::Serialize;

use crate::administration::role::Role;
use crate::audit::Initiator;
use crate::service::Service;
use crate::sign_in::users::{self, MakeUserError, UserRequest};
use crate::storage::StorageError;
use crate::tokens::filter_credentials::{self, CredentialRequest, MakeCredentialError};

/// The address of the administrator whom the first start makes.
pub const ADMINISTRATOR: &str = "admin@localhost";

/// What was made.
#[derive(Serialize)]
pub struct FirstStart {
    /// The administrator's e-mail address.
    pub email: String,
    /// The administrator's password.
    pub password: String,
    /// The filter credential.
    pub filter_credential: String,
}

/// Why they were not made.
#[derive(Debug, thiserror::Error)]
pub enum FirstStartError {
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The administrator cannot be made.
    #[error("the administrator cannot be made: {0}")]
    User(#[from] MakeUserError),
    /// The filter credential cannot be made.
    #[error("the filter credential cannot be made: {0}")]
    Credential(#[from] MakeCredentialError),
}

/// Makes both if there are no users and no filter credentials yet.
///
/// # Errors
/// When one of them was not made.
pub async fn make(service: &Service) -> Result<Option<FirstStart>, FirstStartError> {
    let storage = &service.storage;
    if !storage.users().await?.is_empty() || storage.any_filter_credential().await? {
        return Ok(None);
    }
    let by = Initiator::system("first start");
    let request = UserRequest {
        email: ADMINISTRATOR,
        password: None,
        role: Some(Role::Administrator),
    };
    let user = users::make(service, request, &by).await?;
    let request = CredentialRequest {
        name: "first start",
        audiences: None,
    };
    let credential = filter_credentials::make(service, request, &by).await?;
    Ok(Some(FirstStart {
        email: user.email,
        password: user.password.reveal().to_owned(),
        filter_credential: credential.credential.reveal().to_owned(),
    }))
}
