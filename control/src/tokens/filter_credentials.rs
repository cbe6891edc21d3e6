//! Filter credentials: each for all applications, or for some.

use super::credential::{NewCredential, ShownCredential};
use crate::audit::Initiator;
use crate::service::Service;
use crate::storage::{FilterCredential, StorageError};
use crate::system::randomness::NoRandomness;
use crate::tokens::secret::Plain;

/// A credential to make.
pub struct CredentialRequest<'a> {
    /// What an administrator calls it; may be empty.
    pub name: &'a str,
    /// The audiences that it covers; `None` for all.
    pub audiences: Option<Vec<String>>,
}

/// A credential that was made.
pub struct MadeCredential {
    /// Its id, in logs too.
    pub id: String,
    /// The whole credential.
    pub credential: Plain,
}

/// Why no credential was made.
#[derive(Debug, thiserror::Error)]
pub enum MakeCredentialError {
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

/// Makes a credential.
///
/// # Errors
/// When nothing was made.
pub async fn make(
    service: &Service,
    request: CredentialRequest<'_>,
    by: &Initiator,
) -> Result<MadeCredential, MakeCredentialError> {
    let new = NewCredential::make(service.random.as_ref())?;
    let stored = FilterCredential {
        id: new.id.clone(),
        secret_hash: new.secret_hash,
        audiences: request.audiences,
        name: request.name.to_owned(),
        created_at: service.now(),
        last_used_at: None,
    };
    service.storage.add_filter_credential(&stored, by).await?;
    tracing::info!(
        credential = new.id,
        name = request.name,
        "filter credential made"
    );
    Ok(MadeCredential {
        id: new.id,
        credential: new.whole,
    })
}

/// The stored credential of which `text` is the plain text, which is noted as used.
///
/// # Errors
/// When the database cannot be read.
pub async fn find(service: &Service, text: &str) -> Result<Option<FilterCredential>, StorageError> {
    let Some(shown) = ShownCredential::parse(text) else {
        return Ok(None);
    };
    let stored = service.storage.filter_credential(shown.id).await?;
    let stored = stored.filter(|stored| shown.matches(&stored.secret_hash));
    if let Some(stored) = &stored {
        note_use(service, &stored.id).await;
    }
    Ok(stored)
}

async fn note_use(service: &Service, id: &str) {
    let now = service.now();
    if service.credential_uses.is_due(id, now)
        && let Err(error) = service.storage.note_filter_credential(id, now).await
    {
        // The call itself does not need it.
        tracing::warn!(
            ?error,
            credential = id,
            "the use of a credential is not stored"
        );
    }
}
