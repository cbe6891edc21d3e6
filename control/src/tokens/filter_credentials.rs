//! Filter credentials: `<id>.<secret>`, shown once, stored hashed.

use crate::service::Service;
use crate::storage::{FilterCredential, StorageError};
use crate::system::randomness::NoRandomness;
use crate::tokens::secret::Plain;

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

/// Makes a credential for some audiences, or for all if `None`.
///
/// # Errors
/// When nothing was made.
pub async fn make(
    service: &Service,
    audiences: Option<Vec<String>>,
) -> Result<MadeCredential, MakeCredentialError> {
    let id = service.random.id()?;
    let secret = Plain::new(service.random.secret()?);
    let stored = FilterCredential {
        id: id.clone(),
        secret_hash: secret.hashed(),
        audiences,
    };
    service
        .storage
        .add_filter_credential(&stored, service.now())
        .await?;
    tracing::info!(credential = id, "filter credential made");
    let credential = Plain::new(format!("{id}.{}", secret.reveal()));
    Ok(MadeCredential { id, credential })
}

/// The stored credential of which `text` is the plain text.
///
/// # Errors
/// When the database cannot be read.
pub async fn find(service: &Service, text: &str) -> Result<Option<FilterCredential>, StorageError> {
    let Some((id, secret)) = text.split_once('.') else {
        return Ok(None);
    };
    let stored = service.storage.filter_credential(id).await?;
    let secret = Plain::new(secret.to_owned());
    Ok(stored.filter(|stored| stored.secret_hash.is_of(&secret)))
}
