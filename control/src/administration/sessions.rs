//! Ending single global sessions.

use crate::api::administrator::Administrator;
use crate::audit::{Event, EventName, Subject};
use crate::service::Service;
use crate::storage::StorageError;

/// Ends a global session. The version below which its tokens are refused; `None` if it had ended already.
///
/// # Errors
/// When the database failed, and nothing was changed.
pub async fn end_session(
    service: &Service,
    by: &Administrator,
    id: &str,
) -> Result<Option<u64>, StorageError> {
    let owner = service.storage.owner_of_session(id).await?;
    let event = Event::new(
        EventName::RevocationMade,
        by.initiator(),
        Subject::session(id),
    );
    let event = event.detail("scope", "session");
    let ended = service.storage.end_session(id, event).await?;
    if let Some(version) = ended {
        service.notifier.committed(version);
        let (user, email) = owner.unzip();
        tracing::info!(
            session = id,
            user,
            email,
            version,
            %by,
            "global session revoked"
        );
    }
    Ok(ended)
}
