//! Removing users.

use portcullis::time::UnixSeconds;

use super::addresses;
use crate::audit::{Event, EventName, Initiator, Subject};
use crate::storage::audit::Unaudited;
use crate::storage::database::Database;
use crate::storage::database::error::StorageError;
use crate::storage::revocations::{RevokedUsers, UserSelector, revoke_user};

impl Database {
    /// Deletes users and revokes their tokens, at least until `until`. A user who is added later
    /// with the same e-mail address is another user. `None` if there are none.
    pub async fn remove_users(
        &self,
        selector: UserSelector<'_>,
        until: UnixSeconds,
        by: &Initiator,
    ) -> Result<Option<RevokedUsers>, StorageError> {
        let mut write = self.write().await?;
        let (email, id) = selector.columns();
        // Locks the users' rows: a concurrent sign-in waits, and then finds no user.
        let users: Vec<(String, String)> = sqlx::query_as(
            "UPDATE users SET disabled = 1 WHERE email_normal = $1 OR id = $2 \
             RETURNING id, email",
        )
        .bind(email)
        .bind(id)
        .fetch_all(write.connection())
        .await?;
        if users.is_empty() {
            return Ok(None);
        }
        let version = write.version().await?;
        let mut sessions_ended = 0;
        for (id, email) in &users {
            let subject = Subject::user(id, email);
            write.note(Event::new(EventName::UserRemoved, by, subject.clone()));
            let event = Event::new(EventName::RevocationMade, by, subject).reason("user_removed");
            sessions_ended += revoke_user(&mut write, event, until).await?;
            sqlx::query("DELETE FROM users WHERE id = $1")
                .bind(id)
                .execute(write.connection())
                .await?;
        }
        addresses::release(&mut write).await?;
        write.commit_noted(Unaudited::Nothing).await?;
        Ok(Some(RevokedUsers {
            version,
            users: users.len() as u64,
            sessions_ended,
        }))
    }
}
