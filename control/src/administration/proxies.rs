//! Proxies that are gone for good.

use crate::api::administrator::Administrator;
use crate::service::Service;
use crate::storage::StorageError;

/// Names proxies.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    /// Their name.
    pub instance: &'a str,
    /// The id of their filter credential; `None`: whichever it is.
    pub credential: Option<&'a str>,
}

/// Forgets the proxies with a name, so that revocations no longer wait for them, and returns how many
/// there were. A proxy that polls again is known again.
///
/// # Errors
/// When the database cannot be written.
pub async fn forget(
    service: &Service,
    named: Named<'_>,
    by: &Administrator,
) -> Result<u64, StorageError> {
    let Named {
        instance,
        credential,
    } = named;
    service.proxies.forget(instance, credential);
    let forgotten = service
        .storage
        .forget_proxies((instance, credential), by.initiator())
        .await?;
    if forgotten > 0 {
        tracing::info!(instance, credential, %by, "proxy forgotten");
    }
    Ok(forgotten)
}
