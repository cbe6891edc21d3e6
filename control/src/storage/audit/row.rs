//! A row of the audit log.

use portcullis::time::UnixMillis;
use serde_json::Value;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::storage::database::columns::from_db;
use crate::storage::database::error::StorageError;

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

pub(super) fn stored(row: &AnyRow) -> Result<StoredEvent, StorageError> {
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
