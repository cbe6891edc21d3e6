//! What administrators do to sessions: one implementation for the control socket and the admin
//! API. Every change says in the log who made it.

mod administrator;
mod session_view;

pub use administrator::{Administrator, Scope};
pub use session_view::SessionView;

use crate::applications::Application;
use crate::service::Service;
use crate::storage::{ApplicationRevocation, RevokedUsers, StorageError, UserRevocation, Whom};

/// Ends a global session. The version below which its tokens are refused; `None`: it had ended
/// already.
///
/// # Errors
/// When nothing was changed.
pub async fn end_session(
    service: &Service,
    by: &Administrator,
    id: &str,
) -> Result<Option<u64>, StorageError> {
    let ended = service.storage.end_session(id).await?;
    if let Some(version) = ended {
        service.news.tell(version);
        tracing::info!(session = id, version, %by, "global session revoked");
    }
    Ok(ended)
}

/// Revokes users, and disables them if asked. `None`: there is none.
///
/// # Errors
/// When nothing was changed.
pub async fn revoke_users(
    service: &Service,
    by: &Administrator,
    whom: Whom<'_>,
    disable: bool,
) -> Result<Option<RevokedUsers>, StorageError> {
    let block = service.config.sessions.login_block_after_revoke;
    let revocation = UserRevocation {
        blocked_until: service.now() + block.as_secs(),
        // Users have no tokens beside those of their sessions, for scripts or not.
        until: service.now() + crate::CLOCK_LEEWAY_SECONDS,
        disable,
    };
    let revoked = service.storage.revoke_users(whom, revocation).await?;
    if let Some(revoked) = &revoked {
        service.news.tell(revoked.version);
        tracing::info!(
            version = revoked.version,
            users = revoked.users,
            sessions_ended = revoked.sessions_ended,
            disable,
            %by,
            "user revoked"
        );
    }
    Ok(revoked)
}

/// Revokes all tokens of an application. With `fresh_login`, only those come back who sign in
/// anew, whatever global session they have.
///
/// # Errors
/// When nothing was changed.
pub async fn revoke_application(
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
        .revoke_application(audience, revocation)
        .await?;
    service.news.tell(version);
    tracing::info!(audience, version, fresh_login, %by, "application revoked");
    Ok(version)
}
