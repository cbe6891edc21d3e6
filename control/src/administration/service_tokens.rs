//! Service tokens: their secrets, and their ends.

use crate::api::administrator::Administrator;
use crate::service::Service;
use crate::storage::{ServiceToken, ServiceTokenEnd, StorageError};
use crate::tokens::service_tokens::{
    self, MadeServiceToken, MakeServiceTokenError, RotationRequest, tokens_end,
};

/// Makes a service token. Until a policy names it, it opens nothing.
///
/// # Errors
/// When nothing was made.
pub async fn make(
    service: &Service,
    by: &Administrator,
    (name, expires): (&str, Option<&str>),
) -> Result<MadeServiceToken, MakeServiceTokenError> {
    let made = service_tokens::make(service, name, expires, by.initiator()).await?;
    tracing::info!(
        service_token = made.stored.id,
        name = made.stored.name,
        %by,
        "service token made"
    );
    Ok(made)
}

/// Gives a service token a new secret. The present one stays good for a while. Also the version below
/// which application tokens are refused, if any is. `None` if the service token is gone.
///
/// # Errors
/// When nothing was changed.
pub async fn rotate(
    service: &Service,
    by: &Administrator,
    token: &ServiceToken,
    request: &RotationRequest<'_>,
) -> Result<Option<(MadeServiceToken, Option<u64>)>, MakeServiceTokenError> {
    let rotated = service_tokens::rotate(service, token, request, by.initiator()).await?;
    let Some((made, version)) = rotated else {
        return Ok(None);
    };
    if let Some(version) = version {
        service.notifier.committed(version);
    }
    tracing::info!(
        service_token = made.stored.id,
        name = made.stored.name,
        version,
        %by,
        "secret of a service token replaced"
    );
    Ok(Some((made, version)))
}

/// Disables or deletes a service token, and ends its access now: the version below which its application
/// tokens are refused. `None` if it is gone.
///
/// # Errors
/// When the database failed, and nothing was changed.
pub async fn end(
    service: &Service,
    by: &Administrator,
    (token, how): (&ServiceToken, ServiceTokenEnd),
) -> Result<Option<u64>, StorageError> {
    let until = tokens_end(service);
    let storage = &service.storage;
    let ended = storage.end_service_token(&token.id, how, until, by.initiator());
    let Some(version) = ended.await? else {
        return Ok(None);
    };
    service.notifier.committed(version);
    tracing::info!(
        service_token = token.id,
        name = token.name,
        version,
        how = how.as_str(),
        %by,
        "access of a service token ended"
    );
    Ok(Some(version))
}

/// Lets a service token be used again. False if it is gone.
///
/// # Errors
/// When the database failed, and nothing was changed.
pub async fn enable(
    service: &Service,
    by: &Administrator,
    token: &ServiceToken,
) -> Result<bool, StorageError> {
    let storage = &service.storage;
    let enabled = storage
        .enable_service_token(&token.id, by.initiator())
        .await?;
    if enabled {
        tracing::info!(service_token = token.id, name = token.name, %by, "service token enabled");
    }
    Ok(enabled)
}
