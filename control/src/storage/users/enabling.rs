//! Enabling users who were disabled.

use crate::audit::{Event, EventName, Initiator, Subject};
use crate::storage::audit::Unaudited;
use crate::storage::database::Database;
use crate::storage::database::error::StorageError;
use crate::storage::revocations::UserSelector;

/// The outcome of enabling users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnabledUsers {
    /// How many users were selected.
    pub users: u64,
    /// How many of them were disabled until now.
    pub enabled: u64,
}

impl Database {
    /// Lets users who were disabled sign in again, at once. Sessions and tokens from before stay
    /// revoked. Users who were not disabled do not change. `None` if there are none.
    pub async fn enable_users(
        &self,
        selector: UserSelector<'_>,
        by: &Initiator,
    ) -> Result<Option<EnabledUsers>, StorageError> {
        let mut write = self.write().await?;
        let (email, id) = selector.columns();
        let enabled: Vec<(String, String)> = sqlx::query_as(
            "UPDATE users SET disabled = 0, blocked_until = 0 \
             WHERE (email_normal = $1 OR id = $2) AND disabled <> 0 \
             RETURNING id, email",
        )
        .bind(email)
        .bind(id)
        .fetch_all(write.connection())
        .await?;
        let (users,): (i64,) =
            sqlx::query_as("SELECT COUNT(*) FROM users WHERE email_normal = $1 OR id = $2")
                .bind(email)
                .bind(id)
                .fetch_one(write.connection())
                .await?;
        let event = |(id, email): &(String, String)| {
            Event::new(EventName::UserEnabled, by, Subject::user(id, email))
        };
        write.note_all(enabled.iter().map(event));
        write.commit_noted(Unaudited::Nothing).await?;
        let users = u64::try_from(users).unwrap_or(0);
        Ok((users > 0).then_some(EnabledUsers {
            users,
            enabled: enabled.len() as u64,
        }))
    }
}
