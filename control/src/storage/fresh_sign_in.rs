//! Revocations that demand a fresh sign-in, as the control service itself obeys them: it gives
//! no token that every filter would refuse.

use portcullis::protocol::feed::TokenIds;
use sqlx::AnyConnection;

use super::error::StorageError;
use super::sessions::Session;
use super::token_revocations;

/// Whether an application wants a later sign-in than this session's. They never leave while a
/// session lives that is older.
pub(super) async fn is_required(
    connection: &mut AnyConnection,
    session: &Session,
    audience: &str,
) -> Result<bool, StorageError> {
    let token = TokenIds {
        user: &session.user_id,
        session: &session.id,
        audience,
    };
    let mut revocations = token_revocations::of_token(connection, token)
        .await?
        .into_iter();
    Ok(revocations.any(|one| one.fresh && session.auth_ver < one.version))
}
