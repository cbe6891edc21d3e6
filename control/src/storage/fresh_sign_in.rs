//! Revocations that demand a fresh sign-in, as the control service itself obeys them: it gives
//! no token that every filter would refuse.

use sqlx::AnyConnection;

use super::{Session, StorageError, to_db};

/// Whether an application wants a later sign-in than this session's. They never leave while a
/// session lives that is older.
pub(super) async fn is_required(
    connection: &mut AnyConnection,
    session: &Session,
    audience: &str,
) -> Result<bool, StorageError> {
    let (count,): (i64,) = sqlx::query_as(
        "SELECT COUNT(*) FROM revocations WHERE fresh = 1 AND version > $1 AND (\
         (scope = 'application' AND subject = $2) OR (scope = 'user' AND subject = $3) \
         OR (scope = 'user_application' AND subject = $3 AND audience = $2) \
         OR (scope = 'session' AND subject = $4))",
    )
    .bind(to_db(session.auth_ver))
    .bind(audience)
    .bind(&session.user_id)
    .bind(&session.id)
    .fetch_one(connection)
    .await?;
    Ok(count > 0)
}
