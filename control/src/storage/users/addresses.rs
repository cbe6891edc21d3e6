//! Giving users the normal form of their addresses, where the database has them without.
//!
//! Databases from before have users whose addresses were compared letter by letter, so two of them
//! may turn out to have the same address. Both stay as they are, and one of them can sign in: the
//! one who signed in last, or else the one who was added first. The other one is marked, and gets
//! the address when the first one is removed.

use crate::sign_in::email::characters::visible;
use crate::sign_in::email::{Address, normal_or_text};
use crate::storage::audit::Unaudited;
use crate::storage::database::Database;
use crate::storage::database::error::StorageError;
use crate::storage::database::write::Write;

impl Database {
    /// Computes what is missing.
    pub(in crate::storage) async fn settle_addresses(&self) -> Result<(), StorageError> {
        let missing = "SELECT id, email FROM users WHERE email_normal IS NULL \
                       ORDER BY COALESCE(last_sign_in_at, -1) DESC, created_at, id";
        let found: Vec<(String, String)> = sqlx::query_as(missing)
            .fetch_all(self.untimed_pool())
            .await?;
        if found.is_empty() {
            return Ok(());
        }
        let mut write = self.write().await?;
        // Another service on the database may do the same.
        write.lock().await?;
        let users: Vec<(String, String)> = sqlx::query_as(missing)
            .fetch_all(write.connection())
            .await?;
        for (id, email) in users {
            // Those who signed in last come first.
            sqlx::query(
                "UPDATE users SET email_normal = $1, address_taken = CASE WHEN EXISTS (\
                 SELECT 1 FROM users AS holder WHERE holder.email_normal = $1 \
                 AND holder.password_hash IS NOT NULL AND holder.address_taken = 0) \
                 AND password_hash IS NOT NULL THEN 1 ELSE 0 END WHERE id = $2",
            )
            .bind(normal_or_text(&email))
            .bind(&id)
            .execute(write.connection())
            .await?;
            if let Err(error) = Address::parse(&email) {
                let email = visible(&email);
                tracing::warn!(
                    user = id,
                    email,
                    "nobody can sign in with an address that {error}"
                );
            }
        }
        let taken: Vec<(String, String)> =
            sqlx::query_as("SELECT id, email FROM users WHERE address_taken = 1")
                .fetch_all(write.connection())
                .await?;
        write.commit_unaudited(Unaudited::Nothing).await?;
        for (id, email) in taken {
            tracing::warn!(
                user = id,
                email,
                "the user cannot sign in: another user has the same address in another spelling; \
                 `user list` shows both"
            );
        }
        Ok(())
    }
}

/// Gives addresses that nobody with a password has any longer to the first user who was added with
/// them.
pub(super) async fn release(write: &mut Write) -> Result<(), StorageError> {
    sqlx::query(
        "UPDATE users SET address_taken = 0 WHERE address_taken = 1 AND NOT EXISTS (\
         SELECT 1 FROM users AS other WHERE other.email_normal = users.email_normal \
         AND other.password_hash IS NOT NULL AND (other.address_taken = 0 \
         OR other.created_at < users.created_at \
         OR (other.created_at = users.created_at AND other.id < users.id)))",
    )
    .execute(write.connection())
    .await?;
    Ok(())
}
