//! Applications: adding, changing and removing them, and revoking their tokens.

pub mod change;
pub mod remove;

use crate::api::administrator::Administrator;
use crate::applications::Application;
use crate::service::Service;
use crate::storage::{ApplicationRevocation, StorageError};

/// Revokes all tokens of an application. With `fresh_login` a user gets a new one only after a new
/// sign-in, even if their global session lives.
///
/// # Errors
/// When the database failed, and nothing was changed.
pub async fn revoke_tokens(
    service: &Service,
    by: &Administrator,
    application: &Application,
    fresh_login: bool,
) -> Result<u64, StorageError> {
    let revocation = ApplicationRevocation {
        until: service.tokens_end(),
        fresh: fresh_login,
    };
    let audience = &application.audience;
    let version = service
        .storage
        .revoke_application(
            (audience, &application.definition.name),
            revocation,
            by.initiator(),
        )
        .await?;
    service.notifier.committed(version);
    tracing::info!(
        application = application.definition.name,
        audience,
        version,
        fresh_login,
        %by,
        "application revoked"
    );
    Ok(version)
}
