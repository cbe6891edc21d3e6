//! Revoking several users at once.

use std::collections::BTreeSet;

use super::{RevokedUsers, UserRevocation, revoke_user};
use crate::audit::{Event, EventName, Initiator, Subject};
use crate::storage::audit::Unaudited;
use crate::storage::database::Database;
use crate::storage::database::columns::to_db;
use crate::storage::database::error::StorageError;

/// Users that were revoked at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokedEach {
    /// What ended.
    pub revoked: RevokedUsers,
    /// Their ids.
    pub ids: BTreeSet<String>,
}

impl Database {
    /// Revokes the users with these ids in one transaction. `None` if there are none.
    pub async fn revoke_each(
        &self,
        ids: &BTreeSet<String>,
        revocation: UserRevocation,
        by: &Initiator,
    ) -> Result<Option<RevokedEach>, StorageError> {
        let mut write = self.write().await?;
        let mut users: Vec<(String, String)> = Vec::new();
        // All rows are locked before the version is taken, as elsewhere, and always in the same order.
        for id in ids {
            let user = sqlx::query_as(
                "UPDATE users SET blocked_until = \
                 CASE WHEN blocked_until > $1 THEN blocked_until ELSE $1 END \
                 WHERE id = $2 RETURNING id, email",
            )
            .bind(to_db(revocation.blocked_until))
            .bind(id)
            .fetch_optional(write.connection())
            .await?;
            users.extend(user);
        }
        if users.is_empty() {
            return Ok(None);
        }
        let version = write.version().await?;
        let mut sessions_ended = 0;
        for (id, email) in &users {
            let subject = Subject::user(id, email);
            let event = Event::new(EventName::RevocationMade, by, subject);
            sessions_ended += revoke_user(&mut write, event, revocation.until).await?;
        }
        write.commit_noted(Unaudited::Nothing).await?;
        Ok(Some(RevokedEach {
            revoked: RevokedUsers {
                version,
                users: users.len() as u64,
                sessions_ended,
            },
            ids: users.into_iter().map(|(id, _)| id).collect(),
        }))
    }
}
