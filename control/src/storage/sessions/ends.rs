//! Ends global sessions of a user one by one, each with a revocation of its own.
//!
//! A page of the feed never splits a version, and filters reject a page that is too large. So one
//! version ends a bounded number of sessions, however many a user has.

use portcullis::protocol::feed::Subject;
use portcullis::time::UnixSeconds;

use crate::CLOCK_LEEWAY;
use crate::audit::{Event, EventName};
use crate::storage::database::columns::from_db;
use crate::storage::database::error::StorageError;
use crate::storage::database::write::Write;

/// The most sessions that end in one version, and so in one transaction.
pub(in crate::storage) const MOST_IN_A_VERSION: i64 = 1_000;

/// The most sessions of a user at a time, far more than people have browsers. Without a bound, one
/// user could fill the disk and the memory of every filter.
const MOST_OF_A_USER: i64 = 100;

/// Ends the sessions of a user with the oldest sign-ins, at most `at_most` and never `but`. Returns
/// how many ended.
pub(in crate::storage) async fn end_oldest(
    write: &mut Write,
    user_id: &str,
    but: &str,
    at_most: i64,
) -> Result<u64, StorageError> {
    // Locked before the sessions' rows, in the same order as in a user's revocation.
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

/// Ends the oldest sessions of a user if `newest` makes them too many. `sign_in` tells who did that.
pub(in crate::storage) async fn make_room(
    write: &mut Write,
    (user_id, newest): (&str, &str),
    sign_in: &Event,
) -> Result<(), StorageError> {
    // Expired sessions that are not yet deleted count too: they are the oldest.
    let (all,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM sessions WHERE user_id = $1")
        .bind(user_id)
        .fetch_one(write.connection())
        .await?;
    let too_many = all.saturating_sub(MOST_OF_A_USER);
    if too_many > 0 {
        let ended = end_oldest(write, user_id, newest, too_many).await?;
        let subject = sign_in.subject.clone();
        let event = Event::new(EventName::SessionEnded, &sign_in.by, subject);
        write.note(event.reason("too_many").detail("sessions", ended));
        tracing::info!(user = user_id, ended, "too many sessions: the oldest ended");
    }
    Ok(())
}
