//! Admin tokens that end.

use crate::api::administrator::Administrator;
use crate::service::Service;
use crate::storage::StorageError;

/// Revokes a token, which is refused from then on. False if there is no such token.
///
/// # Errors
/// When the database failed, and nothing was changed.
pub async fn revoke(service: &Service, by: &Administrator, id: &str) -> Result<bool, StorageError> {
    let storage = &service.storage;
    let revoked = storage.delete_admin_token(id, by.initiator()).await?;
    if revoked {
        tracing::info!(token = id, %by, "admin token revoked");
    }
    Ok(revoked)
}
