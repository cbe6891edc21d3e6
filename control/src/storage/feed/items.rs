//! A piece of the feed, and where the feed stands.

use portcullis::protocol::feed::{FeedApplication, Revocation};
use serde::{Deserialize, Serialize};
use sqlx::Transaction;
use sqlx::any::Any;

use crate::storage::database::columns::from_db;
use crate::storage::database::error::StorageError;

/// The feed's epoch and versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The epoch of the database.
    pub epoch: String,
    /// The newest version.
    pub version: u64,
    /// The oldest version whose later changes are still in the log.
    pub log_start: u64,
}

/// Where the next piece of a snapshot begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cursor {
    /// After the application with this audience.
    Application(String),
    /// After the revocation of this scope, subject, audience and kind (1: fresh).
    Revocation(String, String, String, i64),
}

/// A piece of the feed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FeedItems {
    /// The version of a follower that has applied the piece.
    pub version: u64,
    /// Whether the set of keys changed.
    pub keys: bool,
    /// New or changed applications.
    pub applications: Vec<FeedApplication>,
    /// Audiences of applications that are gone.
    pub gone: Vec<String>,
    /// New or raised revocations.
    pub revocations: Vec<Revocation>,
    /// Where the next piece of a snapshot begins; `None` at its end.
    pub next: Option<Cursor>,
}

/// The audiences that a follower sees; `None` for all.
pub type Audiences<'a> = Option<&'a [String]>;

/// A transaction that reads.
pub(super) type Read = Transaction<'static, Any>;

/// The feed's epoch and versions, as of the transaction.
pub(super) async fn position(read: &mut Read) -> Result<Position, StorageError> {
    let (epoch, version, log_start): (String, i64, i64) =
        sqlx::query_as("SELECT epoch, version, log_start FROM feed_state WHERE only_row = 1")
            .fetch_one(&mut **read)
            .await?;
    Ok(Position {
        epoch,
        version: from_db(version),
        log_start: from_db(log_start),
    })
}

/// Whether a follower sees an item that concerns this audience; `None` concerns every follower.
pub(super) fn sees(audiences: Audiences<'_>, audience: Option<&str>) -> bool {
    match (audiences, audience) {
        (Some(audiences), Some(audience)) => audiences.iter().any(|one| one == audience),
        _ => true,
    }
}
