//! Removing applications.

use crate::api::administrator::Administrator;
use crate::service::Service;
use crate::storage::{ChangeError, RemovedApplication, TakeOver};

/// Removes an application, by name; with an audience only if it still is that one. Its tokens end.
///
/// # Errors
/// When nothing was changed.
pub async fn remove(
    service: &Service,
    by: &Administrator,
    (name, audience): (&str, Option<&str>),
    take_over: TakeOver,
) -> Result<RemovedApplication, ChangeError> {
    let until = service.tokens_end();
    let storage = &service.storage;
    let removed = storage
        .remove_application((name, audience), until, take_over, by.initiator())
        .await?;
    service.notifier.committed(removed.version);
    tracing::info!(
        application = name,
        audience = removed.audience,
        version = removed.version,
        %by,
        "application removed"
    );
    Ok(removed)
}
