//! Ending global sessions: single ones, and all of them.

use crate::api::administrator::Administrator;
use crate::audit::{Event, EventName, Subject};
use crate::service::Service;
use crate::storage::{EverySession, StorageError};

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

/// Which sessions end.
#[derive(Debug, Clone, Copy)]
pub enum End<'a> {
    /// All.
    All,
    /// All but the one with this id, which is the session that ends them.
    AllBut(&'a str),
}

/// Ends every session at every application, with a new sign-in demanded, and every global session.
///
/// # Errors
/// When the database failed, and nothing was changed.
pub async fn end_every(
    service: &Service,
    by: &Administrator,
    which: End<'_>,
) -> Result<EverySession, StorageError> {
    let but = match which {
        End::All => "",
        End::AllBut(id) => id,
    };
    let until = service.tokens_end();
    let storage = &service.storage;
    let ended = storage
        .end_every_session(but, until, by.initiator())
        .await?;
    service.notifier.committed(ended.version);
    tracing::warn!(
        version = ended.version,
        sessions = ended.sessions,
        %by,
        "every session ended"
    );
    Ok(ended)
}
