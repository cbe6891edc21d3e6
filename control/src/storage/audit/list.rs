//! Reading the audit log.

use portcullis::time::UnixMillis;
use serde_json::Value;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::storage::database::Database;
use crate::storage::database::columns::{from_db, to_db};
use crate::storage::database::error::StorageError;

/// Which events to read. Texts are empty where they do not matter.
#[derive(Debug, Clone, Copy)]
pub struct AuditQuery<'a> {
    /// Not before.
    pub since: UnixMillis,
    /// Before.
    pub until: UnixMillis,
    /// An event's name, or what comes before the dot of several.
    pub event: &'a str,
    /// The user whom they concern, by id or by what the e-mail address is compared by.
    pub user: &'a str,
    /// An application, by name.
    pub application: &'a str,
    /// Who acted: a kind, an id or a name.
    pub actor: &'a str,
    /// The order.
    pub order: Order,
    /// Only those that come after this id in that order.
    pub after: Option<u64>,
    /// The most to read.
    pub limit: u32,
}

/// The order of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The newest first.
    NewestFirst,
    /// The oldest first.
    OldestFirst,
}

/// A party of an event: who acted, or what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// Its kind.
    pub kind: String,
    /// Its id; may be empty.
    pub id: String,
    /// Its name; may be empty.
    pub name: String,
}

/// An event of the audit log. Texts are empty where there is nothing to tell.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredEvent {
    /// Its id, which follows the order of commits.
    pub id: u64,
    /// When it was stored, by the database's clock.
    pub at: UnixMillis,
    /// Its name.
    pub event: String,
    /// Who acted.
    pub actor: Party,
    /// What it is about.
    pub subject: Party,
    /// The id of the user whom it concerns.
    pub user_id: String,
    /// What that user's e-mail address is compared by.
    pub user_email: String,
    /// The application.
    pub application: String,
    /// The client's address.
    pub address: String,
    /// The client's `user-agent`.
    pub user_agent: String,
    /// The rule of a policy.
    pub rule: String,
    /// Why.
    pub reason: String,
    /// The request's id.
    pub request_id: String,
    /// What was configured before and after.
    pub changes: Option<Value>,
    /// What else there is to know.
    pub details: Option<Value>,
    /// How many events it stands for.
    pub count: u64,
}

const NEWEST_FIRST: &str = "SELECT * FROM audit_events WHERE at_ms >= $1 AND at_ms < $2 \
     AND ($3 = '' OR event = $3 OR event LIKE $4) \
     AND ($5 = '' OR user_id = $5 OR user_email = $5) \
     AND ($6 = '' OR application = $6) \
     AND ($7 = '' OR actor_kind = $7 OR actor_id = $7 OR actor_name = $7) \
     AND id < $8 ORDER BY id DESC LIMIT $9";
const OLDEST_FIRST: &str = "SELECT * FROM audit_events WHERE at_ms >= $1 AND at_ms < $2 \
     AND ($3 = '' OR event = $3 OR event LIKE $4) \
     AND ($5 = '' OR user_id = $5 OR user_email = $5) \
     AND ($6 = '' OR application = $6) \
     AND ($7 = '' OR actor_kind = $7 OR actor_id = $7 OR actor_name = $7) \
     AND id > $8 ORDER BY id LIMIT $9";

impl Database {
    /// A page of events.
    pub async fn audit_events(
        &self,
        query: AuditQuery<'_>,
    ) -> Result<Vec<StoredEvent>, StorageError> {
        let (statement, after) = match query.order {
            Order::NewestFirst => (NEWEST_FIRST, query.after.map_or(i64::MAX, to_db)),
            Order::OldestFirst => (OLDEST_FIRST, query.after.map_or(0, to_db)),
        };
        let rows = sqlx::query(statement)
            .bind(to_db(query.since))
            .bind(to_db(query.until))
            .bind(query.event)
            .bind(format!("{}.%", query.event))
            .bind(query.user)
            .bind(query.application)
            .bind(query.actor)
            .bind(after)
            .bind(i64::from(query.limit))
            .fetch_all(self.pool())
            .await?;
        rows.iter().map(stored).collect()
    }
}

fn stored(row: &AnyRow) -> Result<StoredEvent, StorageError> {
    let text = |column: &str| row.try_get::<String, _>(column);
    let number = |column: &str| row.try_get::<i64, _>(column);
    let party = |kind, id, name| -> Result<Party, sqlx::Error> {
        Ok(Party {
            kind: text(kind)?,
            id: text(id)?,
            name: text(name)?,
        })
    };
    let json = |column: &str| -> Result<Option<Value>, StorageError> {
        let text = text(column)?;
        Ok(match text.as_str() {
            "" => None,
            text => Some(serde_json::from_str(text)?),
        })
    };
    Ok(StoredEvent {
        id: from_db(number("id")?),
        at: from_db(number("at_ms")?),
        event: text("event")?,
        actor: party("actor_kind", "actor_id", "actor_name")?,
        subject: party("subject_kind", "subject_id", "subject_name")?,
        user_id: text("user_id")?,
        user_email: text("user_email")?,
        application: text("application")?,
        address: text("address")?,
        user_agent: text("user_agent")?,
        rule: text("rule")?,
        reason: text("reason")?,
        request_id: text("request_id")?,
        changes: json("changes")?,
        details: json("details")?,
        count: from_db(number("count")?),
    })
}
