//! What distinguishes a user from strangers who try passwords: networks from which they signed in,
//! and the key that recognises browsers in which they did.

use std::time::Duration;

use portcullis::time::UnixSeconds;

use crate::seal::Sealed;
use crate::storage::database::Database;
use crate::storage::database::columns::to_db;
use crate::storage::database::error::StorageError;
use crate::storage::database::write::Write;

/// How long a network is remembered after a sign-in from it.
pub(in crate::storage) const LIFE: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// The most networks of one user; the one that was used longest ago is forgotten first.
const MOST_NETWORKS: i64 = 16;

impl Database {
    /// The key that recognises browsers; `new` if there was none.
    pub async fn known_browser_key(&self, new: &Sealed) -> Result<Sealed, StorageError> {
        sqlx::query("UPDATE feed_state SET known_browser_key = $1 WHERE known_browser_key = ''")
            .bind(new.as_str())
            .execute(self.pool())
            .await?;
        let (key,): (String,) =
            sqlx::query_as("SELECT known_browser_key FROM feed_state WHERE only_row = 1")
                .fetch_one(self.pool())
                .await?;
        Ok(Sealed::stored(key))
    }
}

/// Remembers the network of a sign-in.
pub(in crate::storage) async fn remember_network(
    write: &mut Write,
    user_id: &str,
    network: &str,
    now: UnixSeconds,
) -> Result<(), StorageError> {
    sqlx::query(
        "INSERT INTO known_networks (user_id, network, last_used_at) VALUES ($1, $2, $3) \
         ON CONFLICT (user_id, network) DO UPDATE SET last_used_at = excluded.last_used_at",
    )
    .bind(user_id)
    .bind(network)
    .bind(to_db(now))
    .execute(write.connection())
    .await?;
    sqlx::query(
        "DELETE FROM known_networks WHERE user_id = $1 AND network NOT IN \
         (SELECT network FROM known_networks WHERE user_id = $1 \
         ORDER BY last_used_at DESC, network LIMIT $2)",
    )
    .bind(user_id)
    .bind(MOST_NETWORKS)
    .execute(write.connection())
    .await?;
    Ok(())
}
