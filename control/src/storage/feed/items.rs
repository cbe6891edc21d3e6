//! A piece of the feed, and where the feed stands.

use portcullis::protocol::feed::{FeedApplication, Revocation};
use serde::{Deserialize, Serialize};
use sqlx::Transaction;
use sqlx::any::Any;

use crate::storage::database::columns::from_db;
use crate::storage::database::error::StorageError;

/// Where the feed stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// One life of the database.
    pub epoch: String,
    /// The newest version.
    pub version: u64,
    /// The oldest version from which changes are still known.
    pub log_start: u64,
}

/// Where a snapshot goes on.
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
    /// The version that holds when the piece has been applied.
    pub version: u64,
    /// Whether the set of keys changed.
    pub keys: bool,
    /// New or changed applications.
    pub applications: Vec<FeedApplication>,
    /// Audiences of applications that are gone.
    pub gone: Vec<String>,
    /// New or raised revocations.
    pub revocations: Vec<Revocation>,
    /// Where a snapshot goes on; `None` at its end.
    pub next: Option<Cursor>,
}

/// Whose applications a follower sees; `None`: all.
pub type Audiences<'a> = Option<&'a [String]>;

/// A transaction that reads.
pub(super) type Read = Transaction<'static, Any>;

/// Where the feed stands, as of the transaction's moment.
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

/// Whether a follower sees what concerns this application.
pub(super) fn sees(audiences: Audiences<'_>, audience: Option<&str>) -> bool {
    match (audiences, audience) {
        (Some(audiences), Some(audience)) => audiences.iter().any(|one| one == audience),
        _ => true,
    }
}
