//! Access groups that are no longer needed.

use crate::api::administrator::Administrator;
use crate::service::Service;
use crate::storage::AccessGroupError;

/// Deletes an access group that no policy names.
///
/// # Errors
/// When nothing was deleted.
pub async fn delete(
    service: &Service,
    by: &Administrator,
    name: &str,
) -> Result<(), AccessGroupError> {
    let storage = &service.storage;
    storage.remove_access_group(name, by.initiator()).await?;
    tracing::info!(access_group = name, %by, "access group deleted");
    Ok(())
}
