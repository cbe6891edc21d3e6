//! Replacing the key that seals secrets, while the service runs.

use crate::audit::Initiator;
use crate::seal::NewKeyError;
use crate::seal::source::SourceError;
use crate::service::Service;
use crate::storage::SealingError;

/// What was done.
pub struct Done {
    /// The id of the key that seals now.
    pub seal_key: String,
    /// How many secrets another key had sealed.
    pub resealed: u64,
}

/// Why secrets are sealed as they were.
#[derive(Debug, thiserror::Error)]
pub enum ResealingError {
    /// There is no new key.
    #[error(transparent)]
    Keys(#[from] NewKeyError),
    /// The secrets cannot be sealed.
    #[error(transparent)]
    Reseal(#[from] SealingError),
}

/// Takes a new key and seals all secrets with it; then the old key is forgotten. A key that is
/// published at the same time is sealed as the others are at that moment, in their transaction. If it
/// fails in between, both keys are kept, and the next call or start completes it.
///
/// # Errors
/// When secrets are sealed as they were, and open as before.
pub async fn reseal(service: &Service, by: &Initiator) -> Result<Done, ResealingError> {
    let _alone = service.resealing.lock().await;
    let in_use = service.storage.sealed_by().await;
    let in_use = in_use.map_err(SealingError::from)?.unwrap_or_default();
    service.seal.renew(&in_use, service.random.as_ref())?;
    let resealed = service.storage.reseal(&service.seal, by).await?;
    if let Err(error) = service.seal.drop_old() {
        note_kept(&error);
    }
    Ok(Done {
        seal_key: service.seal.current(),
        resealed,
    })
}

fn note_kept(error: &SourceError) {
    tracing::warn!(%error, "the old key that sealed secrets is still in its file");
}
