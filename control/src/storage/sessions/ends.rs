//! Ending global sessions of a user one by one, each with a revocation of its own.
//!
//! A page of the feed never splits a version, and filters drop a page that is too large: so one
//! version ends a bounded number of sessions, whatever a user has piled up.

use portcullis::protocol::feed::Subject;
use portcullis::time::UnixSeconds;

use crate::CLOCK_LEEWAY;
use crate::storage::database::columns::from_db;
use crate::storage::database::error::StorageError;
use crate::storage::database::write::Write;

/// How many sessions end in one version at most, and so in one transaction.
pub(in crate::storage) const MOST_IN_A_VERSION: i64 = 1_000;

/// Sessions that a user may have at a time. Far more than people have browsers; without a bound,
/// one user could fill the disk and every filter's memory.
const MOST_OF_A_USER: i64 = 100;

/// Ends those sessions of a user whose sign-in was the longest ago, at most `at_most` and never
/// `but`. How many ended.
pub(in crate::storage) async fn end_oldest(
    write: &mut Write,
    user_id: &str,
    but: &str,
    at_most: i64,
) -> Result<u64, StorageError> {
    // Before the sessions' rows, in the order in which a user's revocation takes its locks.
    write.lock().await?;
    let ended: Vec<(String, i64)> = sqlx::query_as(
        "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions \
         WHERE user_id = $1 AND id <> $2 ORDER BY auth_time, created_at, id LIMIT $3) \
         RETURNING id, expires_at",
    )
    .bind(user_id)
    .bind(but)
    .bind(at_most.min(MOST_IN_A_VERSION))
    .fetch_all(write.connection())
    .await?;
    let count = ended.len() as u64;
    for (id, expires_at) in ended {
        let until = from_db::<UnixSeconds>(expires_at) + CLOCK_LEEWAY;
        write.revoke(Subject::Session(id), until).await?;
    }
    Ok(count)
}

/// Ends the oldest sessions of a user for `newest`, if there are too many.
pub(in crate::storage) async fn make_room(
    write: &mut Write,
    user_id: &str,
    newest: &str,
) -> Result<(), StorageError> {
    // Those that ran out and were not tidied away yet count too: they are the oldest.
    let (all,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM sessions WHERE user_id = $1")
        .bind(user_id)
        .fetch_one(write.connection())
        .await?;
    let too_many = all.saturating_sub(MOST_OF_A_USER);
    if too_many > 0 {
        let ended = end_oldest(write, user_id, newest, too_many).await?;
        tracing::info!(user = user_id, ended, "too many sessions: the oldest ended");
    }
    Ok(())
}
