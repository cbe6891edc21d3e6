//! Everything in force, read in pieces: applications by audience, then revocations by subject.
//!
//! Pieces are read at different moments, and each says what is in force at its own. This is sound:
//! afterwards the follower applies the changes since the version of the first piece, which repeat
//! everything that changed in between, so it ends up with exactly what the database holds. It never
//! holds less than was in force at the first piece's version: a revocation that is raised in
//! between is read in its old or its new form, never left out.
//!
//! Each piece begins where the previous one ended, by primary key, so its cost does not depend on
//! how much comes before it.

mod revocations;

use super::items::{Audiences, Cursor, FeedItems, Read, position, sees};
use crate::storage::applications::{Columns, from_columns};
use crate::storage::database::error::StorageError;

pub use revocations::{END_OF_PAGE, PAGE_OF_REVOCATIONS};

pub(super) async fn piece(
    read: &mut Read,
    from: Option<&Cursor>,
    limit: u32,
    audiences: Audiences<'_>,
) -> Result<FeedItems, StorageError> {
    let mut items = FeedItems {
        version: position(read).await?.version,
        keys: from.is_none(),
        ..FeedItems::default()
    };
    let limit = i64::from(limit);
    let (mut left, mut after) = (limit, revocations::Key::default());
    match from {
        Some(Cursor::Revocation(scope, subject, audience, fresh)) => {
            after = (scope.clone(), subject.clone(), audience.clone(), *fresh);
        }
        Some(Cursor::Application(audience)) => {
            left -= applications(read, audience, left, &mut items).await?;
        }
        None => left -= applications(read, "", left, &mut items).await?,
    }
    if items.next.is_none() {
        let (page, next) = revocations::after(read, after, left, audiences).await?;
        items.revocations = page;
        items.next = next.map(|key| Cursor::Revocation(key.0, key.1, key.2, key.3));
    }
    items
        .applications
        .retain(|application| sees(audiences, Some(&application.audience)));
    Ok(items)
}

/// Reads applications and returns how many. Sets `next` if more follow.
async fn applications(
    read: &mut Read,
    after: &str,
    left: i64,
    items: &mut FeedItems,
) -> Result<i64, StorageError> {
    let mut rows: Vec<Columns> = sqlx::query_as(
        "SELECT audience, declared, definition FROM applications \
         WHERE gone = 0 AND audience > $1 ORDER BY audience LIMIT $2",
    )
    .bind(after)
    .bind(left + 1)
    .fetch_all(&mut **read)
    .await?;
    let more = rows.len() as i64 > left;
    if more {
        rows.pop();
        items.next = rows
            .last()
            .map(|(audience, _, _)| Cursor::Application(audience.clone()));
    }
    let count = rows.len() as i64;
    for row in rows {
        items.applications.push(from_columns(row)?.to_feed());
    }
    Ok(count)
}
