//! All that is in force, in pieces: applications by audience, then revocations by subject.
//!
//! Pieces are read at different moments, and each tells what is in force then. That is sound: the
//! follower continues with the changes after the version of the first piece, which tell again
//! whatever changed in between, so that it ends up with exactly what the database holds. At no
//! moment does it hold less than was in force at the first piece's version: a revocation that is
//! raised in between is told as it was or as it is, never left out.
//!
//! Each piece begins where the last one ended, by the primary key: it costs the same however much
//! comes before it.

use portcullis::protocol::feed::{Revocation, Subject};
use sqlx::Transaction;
use sqlx::any::Any;

use super::{Audiences, Cursor, FeedItems, position, sees};
use crate::storage::applications::{Columns, from_columns};
use crate::storage::{StorageError, from_db};

/// Revocations after one, by primary key: a page costs what is on it, however many there are.
pub const PAGE_OF_REVOCATIONS: &str = "SELECT scope, subject, audience, version, fresh, expires_at \
     FROM revocations WHERE (scope, subject, audience, fresh) > ($1, $2, $3, $4) \
     ORDER BY scope, subject, audience, fresh LIMIT $5";

/// Rows that are read at once, however few of them are wanted.
const SMALLEST_BATCH: i64 = 100;

type Read = Transaction<'static, Any>;
type RevocationColumns = (String, String, String, i64, i64, i64);
/// Scope, subject, audience and kind: the primary key.
type Key = (String, String, String, i64);

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
    let (mut left, mut after) = (limit, Key::default());
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
        revocations(read, after, left, audiences, &mut items).await?;
    }
    items
        .applications
        .retain(|application| sees(audiences, Some(&application.audience)));
    Ok(items)
}

/// How many were read; if more follow, `next` is set.
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

/// Fills the piece with what the follower sees. Rows that are another application's are read
/// too, a batch at a time, but do not count.
async fn revocations(
    read: &mut Read,
    mut after: Key,
    left: i64,
    audiences: Audiences<'_>,
    items: &mut FeedItems,
) -> Result<(), StorageError> {
    let room = usize::try_from(left).unwrap_or(0);
    let limit = (left + 1).max(SMALLEST_BATCH);
    loop {
        let rows = batch(read, &after, limit).await?;
        let whole = rows.len() as i64 != limit;
        for row in rows {
            let at = (row.0.clone(), row.1.clone(), row.2.clone(), row.4);
            let Some(revocation) = revocation(row).filter(|one| sees_of(audiences, one)) else {
                after = at;
                continue;
            };
            if items.revocations.len() == room {
                items.next = Some(Cursor::Revocation(after.0, after.1, after.2, after.3));
                return Ok(());
            }
            items.revocations.push(revocation);
            after = at;
        }
        if whole {
            return Ok(());
        }
    }
}

async fn batch(
    read: &mut Read,
    after: &Key,
    limit: i64,
) -> Result<Vec<RevocationColumns>, StorageError> {
    let rows = sqlx::query_as(PAGE_OF_REVOCATIONS)
        .bind(&after.0)
        .bind(&after.1)
        .bind(&after.2)
        .bind(after.3)
        .bind(limit)
        .fetch_all(&mut **read)
        .await?;
    Ok(rows)
}

fn sees_of(audiences: Audiences<'_>, revocation: &Revocation) -> bool {
    match &revocation.subject {
        Subject::Application(audience) | Subject::UserApplication(_, audience) => {
            sees(audiences, Some(audience))
        }
        Subject::User(_) | Subject::Session(_) => true,
    }
}

fn revocation(
    (scope, subject, audience, version, fresh, until): RevocationColumns,
) -> Option<Revocation> {
    let subject = match scope.as_str() {
        "user" => Subject::User(subject),
        "application" => Subject::Application(subject),
        "user_application" => Subject::UserApplication(subject, audience),
        "session" => Subject::Session(subject),
        _ => return None,
    };
    Some(Revocation {
        subject,
        version: from_db(version),
        fresh: fresh != 0,
        until: from_db(until),
    })
}
