//! Storing events, as the last act of the transaction of which they tell.

use portcullis::time::UnixMillis;
use sqlx::AnyConnection;

use super::sign_ins;
use crate::audit::Event;
use crate::storage::database::Database;
use crate::storage::database::columns::{from_db, to_db};
use crate::storage::database::error::StorageError;

/// Takes `$1` ids and the time. Locks the row until the commit: so ids follow the order of commits, and
/// nobody who has read an event finds one with a lower id later.
const TAKE_IDS_OF_SQLITE: &str = "UPDATE audit_state SET last_id = last_id + $1 WHERE only_row = 1 \
     RETURNING last_id, CAST(unixepoch('subsec') * 1000 AS INTEGER)";
const TAKE_IDS_OF_POSTGRES: &str = "UPDATE audit_state SET last_id = last_id + $1 \
     WHERE only_row = 1 \
     RETURNING last_id, CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";

impl Database {
    /// Stores an event of what changes nothing else in the database.
    pub async fn add_event(&self, event: Event) -> Result<(), StorageError> {
        self.write().await?.commit([event]).await?;
        Ok(())
    }
}

/// Stores events. Nothing else may be locked after this.
pub(in crate::storage) async fn insert(
    connection: &mut AnyConnection,
    is_sqlite: bool,
    events: &[Event],
) -> Result<(), StorageError> {
    if events.is_empty() {
        return Ok(());
    }
    let count = to_db(events.len() as u64);
    let take_ids = match is_sqlite {
        true => TAKE_IDS_OF_SQLITE,
        false => TAKE_IDS_OF_POSTGRES,
    };
    let (last_id, at_ms): (i64, i64) = sqlx::query_as(take_ids)
        .bind(count)
        .fetch_one(&mut *connection)
        .await?;
    for (id, event) in (last_id - count + 1..).zip(events) {
        insert_one(&mut *connection, (id, at_ms), event).await?;
        // Nobody else does, while the ids are locked.
        let at: UnixMillis = from_db(at_ms);
        sign_ins::count(&mut *connection, at.to_seconds(), event).await?;
    }
    Ok(())
}

async fn insert_one(
    connection: &mut AnyConnection,
    (id, at_ms): (i64, i64),
    event: &Event,
) -> Result<(), StorageError> {
    let source = &event.by.source;
    let changes = event.changes.as_ref().map(|changes| changes.to_json());
    let details = match event.details.is_empty() {
        true => String::new(),
        false => serde_json::to_string(&event.details)?,
    };
    sqlx::query(
        "INSERT INTO audit_events (id, at_ms, event, actor_kind, actor_id, actor_name, \
         subject_kind, subject_id, subject_name, user_id, user_email, application, address, \
         user_agent, rule, reason, request_id, changes, details, count, counted_as) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, \
         $19, $20, $21)",
    )
    .bind(id)
    .bind(at_ms)
    .bind(event.name.as_str())
    .bind(event.by.actor.kind())
    .bind(event.by.actor.id())
    .bind(event.by.actor.name())
    .bind(event.subject.kind)
    .bind(&event.subject.id)
    .bind(&event.subject.name)
    .bind(&event.user.id)
    .bind(&event.user.email)
    .bind(&event.application)
    .bind(source.address.map_or_else(String::new, |of| of.to_string()))
    .bind(&source.user_agent)
    .bind(&event.rule)
    .bind(&event.reason)
    .bind(&source.request_id)
    .bind(changes.unwrap_or_default())
    .bind(details)
    .bind(to_db(event.count))
    .bind(event.counted_as.as_deref())
    .execute(connection)
    .await?;
    Ok(())
}
