//! The Envoys of earlier starts. Each ended with its process, however that ended, so that none can
//! admit anyone any more.

use crate::audit::Initiator;
use crate::service::Service;
use crate::storage::StorageError;

/// Forgets them, so that no revocation waits for them.
pub(super) async fn forget_all(service: &Service) -> Result<(), StorageError> {
    for proxy in service.storage.proxies().await? {
        service.proxies.forget(&proxy.instance, None);
        service
            .storage
            .forget_proxies((&proxy.instance, None), &Initiator::system("try"))
            .await?;
    }
    Ok(())
}
