//! The user and the filter credential of a local deployment. They are kept in a file that only its
//! owner may read, so that a restart has the same ones.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::LocalError;
use super::files::{self, Access};
use crate::administration::role::Role;
use crate::audit::Initiator;
use crate::service::Service;
use crate::sign_in::email::normal_or_text;
use crate::sign_in::password_hashing::Caller;
use crate::sign_in::users::{self, UserRequest};
use crate::tokens::filter_credentials::{self, CredentialRequest};
use crate::tokens::secret::Plain;

const FILE: &str = "account.json";

/// A user who can sign in, and the filter's credential.
pub struct Account {
    /// `sub` of the user's tokens.
    pub id: String,
    /// The e-mail address.
    pub email: String,
    /// The password; `None` if the user has another one by now, which is stored nowhere.
    pub password: Option<Plain>,
    /// The filter's credential.
    pub credential: Plain,
}

/// What is kept.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    email: String,
    password: String,
    filter_credential: String,
}

/// Makes sure that the user and the credential exist.
pub(super) async fn prepare(
    service: &Service,
    directory: &Path,
    email: &str,
) -> Result<Account, LocalError> {
    let file = directory.join(FILE);
    let mut kept = read(&file)?;
    if kept.email != email {
        kept.email = email.to_owned();
        kept.password = service.random.password()?;
        // Kept before it is used, so that no user has a password that is lost.
        write(&file, &kept)?;
    }
    let password = Plain::new(kept.password.clone());
    let (id, password) = prepare_user(service, email, password).await?;

    let known = filter_credentials::find(service, &kept.filter_credential).await?;
    if known.is_none() {
        let made = filter_credentials::make(
            service,
            CredentialRequest {
                name: "try",
                audiences: None,
            },
            &Initiator::system("try"),
        )
        .await?;
        kept.filter_credential = made.credential.reveal().to_owned();
        write(&file, &kept)?;
    }
    Ok(Account {
        id,
        email: kept.email,
        password,
        credential: Plain::new(kept.filter_credential),
    })
}

/// Adds the user, unless they exist. Returns their id, and the password if it is still theirs.
async fn prepare_user(
    service: &Service,
    email: &str,
    password: Plain,
) -> Result<(String, Option<Plain>), LocalError> {
    let normal = normal_or_text(email);
    let Some(account) = service.storage.password_account(&normal, "").await? else {
        let request = UserRequest {
            email,
            password: Some(password.clone()),
            // Who tries it is the only one who does.
            role: Some(Role::Administrator),
        };
        let user = users::make(service, request, &Initiator::system("try")).await?;
        return Ok((user.id, Some(password)));
    };
    let hash = Some(account.password_hash);
    let is_theirs = service
        .passwords
        .check(Caller::Administrator, password.clone(), hash, |_| ())
        .await?;
    Ok((account.id, is_theirs.then_some(password)))
}

fn read(file: &Path) -> Result<Kept, LocalError> {
    let Some(text) = files::read(file)? else {
        return Ok(Kept::default());
    };
    serde_json::from_str(&text).map_err(|source| LocalError::Account {
        path: file.to_owned(),
        source,
    })
}

fn write(file: &Path, kept: &Kept) -> Result<(), LocalError> {
    let text = serde_json::to_string_pretty(kept).map_err(|source| LocalError::Account {
        path: file.to_owned(),
        source,
    })?;
    Ok(files::write(file, &text, Access::Owner)?)
}
