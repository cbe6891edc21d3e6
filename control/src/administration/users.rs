//! Revoking users, disabling and enabling them.

use std::collections::BTreeSet;

use crate::api::administrator::Administrator;
use crate::api::users::selected::selected;
use crate::service::Service;
use crate::storage::{
    EnabledUsers, RevokedEach, RevokedUsers, StorageError, UserRevocation, UserSelector,
};

/// Ends all sessions of the selected users, who cannot sign in again for `login_block_after_revoke`, and
/// disables them if that is asked for. `None` if there is no such user.
///
/// # Errors
/// When the database failed, and nothing was changed.
pub async fn revoke_users(
    service: &Service,
    by: &Administrator,
    selector: UserSelector<'_>,
    disable: bool,
) -> Result<Option<RevokedUsers>, StorageError> {
    let block = service.config.sessions.login_block_after_revoke;
    let revocation = UserRevocation {
        blocked_until: service.now() + block,
        until: service.past_leeway(),
        disable,
    };
    let users = selected(service, selector).await?;
    let revoked = service
        .storage
        .revoke_users(selector, revocation, by.initiator())
        .await?;
    if let Some(revoked) = &revoked {
        service.notifier.committed(revoked.version);
        for user in users {
            tracing::info!(
                user = user.id,
                email = user.email,
                version = revoked.version,
                sessions_ended = revoked.sessions_ended,
                disable,
                %by,
                "user revoked"
            );
        }
    }
    Ok(revoked)
}

/// Ends all sessions of the users with these ids, all of them or none. `None` if there is no such user.
///
/// # Errors
/// When the database failed, and nothing was changed.
pub async fn revoke_each(
    service: &Service,
    by: &Administrator,
    ids: &BTreeSet<String>,
) -> Result<Option<RevokedEach>, StorageError> {
    let block = service.config.sessions.login_block_after_revoke;
    let revocation = UserRevocation {
        blocked_until: service.now() + block,
        until: service.past_leeway(),
        disable: false,
    };
    let storage = &service.storage;
    let each = storage.revoke_each(ids, revocation, by.initiator()).await?;
    if let Some(RevokedEach { revoked, ids }) = &each {
        service.notifier.committed(revoked.version);
        for user in ids {
            tracing::info!(user, version = revoked.version, %by, "user revoked");
        }
    }
    Ok(each)
}

/// Lets the selected users who were disabled sign in again. `None` if there is no such user.
///
/// # Errors
/// When the database failed, and nothing was changed.
pub async fn enable_users(
    service: &Service,
    by: &Administrator,
    selector: UserSelector<'_>,
) -> Result<Option<EnabledUsers>, StorageError> {
    let users = selected(service, selector).await?;
    let storage = &service.storage;
    let enabled = storage.enable_users(selector, by.initiator()).await?;
    for user in users.iter().filter(|user| user.disabled) {
        tracing::info!(user = user.id, email = user.email, %by, "user enabled");
    }
    Ok(enabled)
}
