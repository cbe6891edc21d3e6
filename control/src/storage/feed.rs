//! The stored feed: its version, the changes since a version (the log), and everything in force (a
//! snapshot, read in pieces).

mod items;
mod snapshot;

pub use items::{Cursor, FeedItems, Position};
pub use snapshot::{END_OF_PAGE, PAGE_OF_REVOCATIONS};

use std::collections::{BTreeMap, HashMap};

use portcullis::protocol::feed::{FeedApplication, MOST_ITEMS, Revocation, Subject};
use portcullis::time::UnixMillis;

use crate::storage::database::Database;
use crate::storage::database::columns::{from_db, to_db};
use crate::storage::database::continuity::Lost;
use crate::storage::database::error::{CorruptValue, StorageError};
use items::{Audiences, Read, position, sees};

type LogRow = (i64, String, Option<String>, String);

impl Database {
    /// The feed's epoch and versions.
    pub async fn position(&self) -> Result<Position, StorageError> {
        let mut read = self.read().await?;
        position(&mut read).await
    }

    /// The newest version alone, which is read many times a second.
    pub async fn newest_version(&self) -> Result<u64, StorageError> {
        let (version,): (i64,) =
            sqlx::query_as("SELECT version FROM feed_state WHERE only_row = 1")
                .fetch_one(self.untimed_pool())
                .await?;
        Ok(from_db(version))
    }

    /// The same, compared with what was seen before.
    ///
    /// # Errors
    /// When the database went back, too.
    pub async fn follow_version(&self) -> Result<u64, StorageError> {
        self.check_file().await?;
        let continuity = self.continuity();
        // Noted before the read begins, which therefore sees it.
        let seen = continuity.seen();
        let version = self.newest_version().await?;
        continuity.observe(seen, version)?;
        Ok(version)
    }

    /// Compares a version that something shows with the database: a token that a key of this database
    /// has signed, or a follower of the feed. Whoever shows a version has seen it committed, so a
    /// database without it went back.
    ///
    /// # Errors
    /// When the database went back, or cannot be read.
    pub async fn check_shown(&self, epoch: Option<&str>, version: u64) -> Result<(), StorageError> {
        let continuity = self.continuity();
        if version <= continuity.seen() {
            return Ok(());
        }
        // Another replica may have committed it a moment ago.
        let found = self.position().await?;
        continuity.observe(found.version, found.version)?;
        if version > found.version {
            continuity.went_back(Lost {
                epoch: epoch.map_or(found.epoch, ToOwned::to_owned),
                version,
            });
            return Err(StorageError::WentBack);
        }
        Ok(())
    }

    /// When the first version after `version` was committed, as far as that is remembered.
    pub async fn first_commit_after(
        &self,
        version: u64,
    ) -> Result<Option<UnixMillis>, StorageError> {
        let (at_ms,): (Option<i64>,) =
            sqlx::query_as("SELECT MIN(at_ms) FROM version_times WHERE version > $1")
                .bind(to_db(version))
                .fetch_one(self.pool())
                .await?;
        Ok(at_ms.map(from_db))
    }

    /// The changes after a version, about `limit` items at most; a version is never split. `None`
    /// if the follower needs a snapshot: the log does not reach back that far, the version does not
    /// exist yet, or the next one exceeds what a page may hold.
    pub async fn changes(
        &self,
        after: u64,
        limit: u32,
        audiences: Audiences<'_>,
    ) -> Result<Option<FeedItems>, StorageError> {
        let mut read = self.read().await?;
        let position = position(&mut read).await?;
        if after < position.log_start || after > position.version {
            return Ok(None);
        }
        let until = last_version(&mut read, after, limit)
            .await?
            .unwrap_or(position.version);
        if is_too_large(&mut read, after, until).await? {
            tracing::warn!(version = until, "too large for a page: a snapshot is given");
            return Ok(None);
        }
        let rows: Vec<LogRow> = sqlx::query_as(
            "SELECT version, item, audience, body FROM feed_log \
             WHERE version > $1 AND version <= $2 ORDER BY version, position",
        )
        .bind(to_db(after))
        .bind(to_db(until))
        .fetch_all(&mut **read)
        .await?;
        items(until, rows, audiences).map(Some)
    }

    /// The next `limit` items of everything in force.
    pub async fn in_force(
        &self,
        from: Option<&Cursor>,
        limit: u32,
        audiences: Audiences<'_>,
    ) -> Result<FeedItems, StorageError> {
        let mut read = self.read().await?;
        snapshot::piece(&mut read, from, limit, audiences).await
    }
}

/// The version at which a page of `limit` items must end; `None` if everything fits.
async fn last_version(
    read: &mut Read,
    after: u64,
    limit: u32,
) -> Result<Option<u64>, StorageError> {
    let first_too_many: Option<(i64,)> = sqlx::query_as(
        "SELECT version FROM feed_log WHERE version > $1 ORDER BY version, position \
         LIMIT 1 OFFSET $2",
    )
    .bind(to_db(after))
    .bind(i64::from(limit))
    .fetch_optional(&mut **read)
    .await?;
    // The version before the first one that does not fit, but at least one version.
    Ok(first_too_many.map(|(version,)| from_db::<u64>(version).saturating_sub(1).max(after + 1)))
}

/// Whether the changes exceed what a page may hold. Followers would reject the page and request it
/// again.
async fn is_too_large(read: &mut Read, after: u64, until: u64) -> Result<bool, StorageError> {
    let first_too_many: Option<(i64,)> = sqlx::query_as(
        "SELECT version FROM feed_log WHERE version > $1 AND version <= $2 \
         ORDER BY version, position LIMIT 1 OFFSET $3",
    )
    .bind(to_db(after))
    .bind(to_db(until))
    .bind(to_db(MOST_ITEMS as u64))
    .fetch_optional(&mut **read)
    .await?;
    Ok(first_too_many.is_some())
}

/// Only the last change of each thing is published, because `put` and `delete` have no order.
fn items(
    version: u64,
    rows: Vec<LogRow>,
    audiences: Audiences<'_>,
) -> Result<FeedItems, StorageError> {
    let mut items = FeedItems {
        version,
        ..FeedItems::default()
    };
    let mut applications: BTreeMap<String, Option<FeedApplication>> = BTreeMap::new();
    let mut revocations: HashMap<(Subject, bool), Revocation> = HashMap::new();
    for (_, item, audience, body) in rows {
        if !sees(audiences, audience.as_deref()) {
            continue;
        }
        match item.as_str() {
            "application" => {
                let application: FeedApplication = serde_json::from_str(&body)?;
                applications.insert(application.audience.clone(), Some(application));
            }
            "application_gone" => {
                applications.insert(serde_json::from_str(&body)?, None);
            }
            "revocation" => {
                let revocation: Revocation = serde_json::from_str(&body)?;
                let key = (revocation.subject.clone(), revocation.fresh);
                revocations.insert(key, revocation);
            }
            "keys" => items.keys = true,
            _ => return Err(CorruptValue::LogItem.into()),
        }
    }
    for (audience, application) in applications {
        match application {
            Some(application) => items.applications.push(application),
            None => items.gone.push(audience),
        }
    }
    items.revocations = revocations.into_values().collect();
    items
        .revocations
        .sort_by_key(|revocation| revocation.version);
    Ok(items)
}
