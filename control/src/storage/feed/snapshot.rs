//! All that is in force, in pieces: applications by audience, then revocations by subject.
//!
//! Pieces are read at different moments. That is sound: the follower continues with the changes
//! after the version of the first piece, which tell again what changed in between.

use portcullis::protocol::feed::{Revocation, Subject};
use sqlx::Transaction;
use sqlx::any::Any;

use super::{Audiences, Cursor, FeedItems, position, sees};
use crate::storage::applications::{Columns, from_columns};
use crate::storage::{StorageError, from_db};

type Read = Transaction<'static, Any>;
type RevocationColumns = (String, String, String, i64, i64, i64);

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
    let (mut left, mut after) = (limit, ("", "", "", 0));
    match from {
        Some(Cursor::Revocation(scope, subject, audience, fresh)) => {
            after = (scope, subject, audience, *fresh);
        }
        Some(Cursor::Application(audience)) => {
            left -= applications(read, audience, left, &mut items).await?;
        }
        None => left -= applications(read, "", left, &mut items).await?,
    }
    if items.next.is_none() {
        revocations(read, after, left, &mut items).await?;
    }
    items
        .applications
        .retain(|application| sees(audiences, Some(&application.audience)));
    items
        .revocations
        .retain(|revocation| match &revocation.subject {
            Subject::Application(audience) | Subject::UserApplication(_, audience) => {
                sees(audiences, Some(audience))
            }
            Subject::User(_) | Subject::Session(_) => true,
        });
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

async fn revocations(
    read: &mut Read,
    after: (&str, &str, &str, i64),
    left: i64,
    items: &mut FeedItems,
) -> Result<(), StorageError> {
    let mut rows: Vec<RevocationColumns> = sqlx::query_as(
        "SELECT scope, subject, audience, version, fresh, expires_at FROM revocations \
         WHERE (scope, subject, audience, fresh) > ($1, $2, $3, $4) \
         ORDER BY scope, subject, audience, fresh LIMIT $5",
    )
    .bind(after.0)
    .bind(after.1)
    .bind(after.2)
    .bind(after.3)
    .bind(left + 1)
    .fetch_all(&mut **read)
    .await?;
    if rows.len() as i64 > left {
        rows.pop();
        let (scope, subject, audience, fresh) = match rows.last() {
            Some((scope, subject, audience, _, fresh, _)) => {
                (scope.as_str(), subject.as_str(), audience.as_str(), *fresh)
            }
            // The applications filled the piece to the brim.
            None => after,
        };
        items.next = Some(Cursor::Revocation(
            scope.into(),
            subject.into(),
            audience.into(),
            fresh,
        ));
    }
    for row in rows {
        items.revocations.extend(revocation(row));
    }
    Ok(())
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
