//! Proxies that are gone for good.

use crate::api::administrator::Administrator;
use crate::service::Service;
use crate::storage::StorageError;

/// Forgets the proxies with a name, so that revocations no longer wait for them, and returns how many
/// there were. A proxy that polls again is known again.
///
/// # Errors
/// When the database cannot be written.
pub async fn forget(
    service: &Service,
    instance: &str,
    by: &Administrator,
) -> Result<u64, StorageError> {
    service.proxies.forget(instance);
    let forgotten = service
        .storage
        .forget_proxies(instance, by.initiator())
        .await?;
    if forgotten > 0 {
        tracing::info!(instance, %by, "proxy forgotten");
    }
    Ok(forgotten)
}
