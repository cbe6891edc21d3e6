//! Changes of signing keys. Only one process at a time makes one: each locks the feed first.

use portcullis::time::UnixSeconds;

use super::outcomes::{PublishedKey, RefusedKey};
use super::sealing::{SealingError, seal_as_others};
use super::{KeyMaterial, PlainKey, StoredKey, all};
use crate::audit::{Event, EventName, Initiator, Subject};
use crate::seal::Seal;
use crate::storage::audit::Unaudited;
use crate::storage::database::Database;
use crate::storage::database::columns::to_db;
use crate::storage::database::error::StorageError;
use crate::storage::database::write::Write;
use crate::tokens::keys::state::KeyState;

/// The most keys in force at a time. Filters take 64; a long list makes each of their snapshots
/// longer.
pub const MOST_KEYS: usize = 32;

impl Database {
    /// Stores the first key, which signs at once. Does nothing if there is a key already.
    pub async fn add_first_signing_key(
        &self,
        key: &PlainKey,
        seal: &Seal,
        now: UnixSeconds,
    ) -> Result<(), SealingError> {
        let mut write = self.write().await?;
        write.lock().await?;
        if !all(write.connection()).await?.is_empty() {
            return Ok(());
        }
        let key = seal_as_others(seal, &[], key)?;
        insert(&mut write, &key, now, KeyState::Signing { since: now }).await?;
        changed(&mut write).await?;
        write.publish_keys().await?;
        let by = Initiator::system("start");
        write.commit([event(&by, &key.kid, "first")]).await?;
        Ok(())
    }

    /// Publishes a new key, which does not sign yet.
    pub async fn publish_signing_key(
        &self,
        key: &PlainKey,
        seal: &Seal,
        now: UnixSeconds,
        by: &Initiator,
    ) -> Result<PublishedKey, SealingError> {
        let mut write = self.write().await?;
        write.lock().await?;
        let keys = all(write.connection()).await?;
        if let Some(waiting) = published(&keys) {
            return Ok(PublishedKey::AnotherWaits {
                kid: waiting.material.kid.clone(),
            });
        }
        if keys.iter().filter(|key| key.state.is_in_force()).count() >= MOST_KEYS {
            return Ok(PublishedKey::TooMany);
        }
        let version = write.version().await?;
        let state = KeyState::Published {
            since: now,
            version,
        };
        let key = seal_as_others(seal, &keys, key)?;
        insert(&mut write, &key, now, state).await?;
        changed(&mut write).await?;
        write.publish_keys().await?;
        let event = event(by, &key.kid, "published").detail("algorithm", key.algorithm.as_str());
        write.commit([event.detail("version", version)]).await?;
        Ok(PublishedKey::Published(version))
    }

    /// Lets a published key sign. The key that signed before is accepted until `until`. False if
    /// the key is not published any more: another process was faster, or it was refused.
    ///
    /// Filters know the key already, so the feed does not change.
    pub async fn use_signing_key(
        &self,
        kid: &str,
        now: UnixSeconds,
        until: UnixSeconds,
    ) -> Result<bool, StorageError> {
        let mut write = self.write().await?;
        write.lock().await?;
        let keys = all(write.connection()).await?;
        if published(&keys).is_none_or(|key| key.material.kid != kid) {
            return Ok(false);
        }
        let signing = keys.iter().find(|key| is_signing(key));
        if let Some(signing) = signing {
            let state = KeyState::Accepted { since: now, until };
            set_state(&mut write, &signing.material.kid, state).await?;
        }
        set_state(&mut write, kid, KeyState::Signing { since: now }).await?;
        changed(&mut write).await?;
        let by = Initiator::system("schedule");
        write.commit([event(&by, kid, "signing")]).await?;
        Ok(true)
    }

    /// Refuses a key: its tokens are good for nothing from this transaction on. If it signs, the
    /// published key takes its place, or else `replacement`, at once. Nothing that was shown before
    /// gives a token any more (`key_refusals`): the refused key may have signed it.
    pub async fn refuse_signing_key(
        &self,
        kid: &str,
        replacement: &PlainKey,
        seal: &Seal,
        (now, by): (UnixSeconds, &Initiator),
    ) -> Result<RefusedKey, SealingError> {
        let mut write = self.write().await?;
        write.lock().await?;
        let keys = all(write.connection()).await?;
        let Some(key) = keys.iter().find(|key| key.material.kid == kid) else {
            return Ok(RefusedKey::Unknown(keys));
        };
        if let KeyState::Refused { version, .. } = key.state {
            return Ok(RefusedKey::Already(version));
        }
        let version = write.version().await?;
        let since = now;
        set_state(&mut write, kid, KeyState::Refused { since, version }).await?;
        forget_private_part(&mut write, kid).await?;
        let now_signs = if is_signing(key) {
            let state = KeyState::Signing { since };
            match published(&keys) {
                Some(waiting) => {
                    set_state(&mut write, &waiting.material.kid, state).await?;
                    Some(waiting.material.kid.clone())
                }
                None => {
                    let replacement = seal_as_others(seal, &keys, replacement)?;
                    insert(&mut write, &replacement, now, state).await?;
                    Some(replacement.kid.clone())
                }
            }
        } else {
            None
        };
        count_refusal(&mut write).await?;
        changed(&mut write).await?;
        write.publish_keys().await?;
        let event = event(by, kid, "refused").detail("now_signs", now_signs.clone());
        write.commit([event.detail("version", version)]).await?;
        Ok(RefusedKey::Refused { version, now_signs })
    }

    /// Deletes the accepted keys whose tokens have all expired. Returns the version that takes them
    /// out of the feed; `None` if there are none.
    pub async fn delete_expired_signing_keys(
        &self,
        now: UnixSeconds,
    ) -> Result<Option<u64>, StorageError> {
        let mut write = self.write().await?;
        write.lock().await?;
        let deleted: Vec<(String,)> = sqlx::query_as(
            "DELETE FROM signing_keys WHERE state = 'accepted' AND until <= $1 RETURNING kid",
        )
        .bind(to_db(now))
        .fetch_all(write.connection())
        .await?;
        if deleted.is_empty() {
            return Ok(None);
        }
        changed(&mut write).await?;
        write.publish_keys().await?;
        let by = Initiator::system("schedule");
        write.note_all(deleted.iter().map(|(kid,)| event(&by, kid, "expired")));
        write.commit_noted(Unaudited::Nothing).await
    }
}

/// What became of a key.
fn event(by: &Initiator, kid: &str, reason: &str) -> Event {
    Event::new(EventName::KeyRotated, by, Subject::key(kid)).reason(reason)
}

fn published(keys: &[StoredKey]) -> Option<&StoredKey> {
    let mut keys = keys.iter();
    keys.find(|key| matches!(key.state, KeyState::Published { .. }))
}

fn is_signing(key: &StoredKey) -> bool {
    matches!(key.state, KeyState::Signing { .. })
}

/// Refuses all keys, and lets another sign: no token that exists is good for anything.
pub(in crate::storage) async fn replace_all(
    write: &mut Write,
    key: &PlainKey,
    seal: &Seal,
    now: UnixSeconds,
) -> Result<(), SealingError> {
    let version = write.version().await?;
    for old in all(write.connection()).await? {
        if old.state.is_in_force() {
            let (kid, since) = (&old.material.kid, now);
            set_state(write, kid, KeyState::Refused { since, version }).await?;
            forget_private_part(write, kid).await?;
        }
    }
    let key = seal_as_others(seal, &[], key)?;
    insert(write, &key, now, KeyState::Signing { since: now }).await?;
    count_refusal(write).await?;
    changed(write).await?;
    Ok(write.publish_keys().await?)
}

async fn insert(
    write: &mut Write,
    key: &KeyMaterial,
    now: UnixSeconds,
    state: KeyState,
) -> Result<(), StorageError> {
    let columns = Columns::of(state);
    sqlx::query(
        "INSERT INTO signing_keys \
         (kid, algorithm, private_key, created_at, state, since, until, version) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(&key.kid)
    .bind(&key.algorithm)
    .bind(key.private_key.as_str())
    .bind(to_db(now))
    .bind(state.as_str())
    .bind(to_db(state.since()))
    .bind(columns.until)
    .bind(columns.version)
    .execute(write.connection())
    .await?;
    Ok(())
}

async fn set_state(write: &mut Write, kid: &str, state: KeyState) -> Result<(), StorageError> {
    let columns = Columns::of(state);
    sqlx::query(
        "UPDATE signing_keys SET state = $1, since = $2, until = $3, version = $4 WHERE kid = $5",
    )
    .bind(state.as_str())
    .bind(to_db(state.since()))
    .bind(columns.until)
    .bind(columns.version)
    .bind(kid)
    .execute(write.connection())
    .await?;
    Ok(())
}

/// The columns that not every state has.
struct Columns {
    until: i64,
    version: i64,
}

impl Columns {
    fn of(state: KeyState) -> Self {
        let (until, version) = match state {
            KeyState::Published { version, .. } | KeyState::Refused { version, .. } => {
                (0, to_db(version))
            }
            KeyState::Accepted { until, .. } => (to_db(until), 0),
            KeyState::Signing { .. } => (0, 0),
        };
        Self { until, version }
    }
}

async fn forget_private_part(write: &mut Write, kid: &str) -> Result<(), StorageError> {
    sqlx::query("UPDATE signing_keys SET private_key = '' WHERE kid = $1")
        .bind(kid)
        .execute(write.connection())
        .await?;
    Ok(())
}

async fn count_refusal(write: &mut Write) -> Result<(), StorageError> {
    sqlx::query("UPDATE feed_state SET key_refusals = key_refusals + 1 WHERE only_row = 1")
        .execute(write.connection())
        .await?;
    Ok(())
}

/// Counts a change, so that every replica reads the keys again.
pub(in crate::storage) async fn changed(write: &mut Write) -> Result<(), StorageError> {
    sqlx::query("UPDATE feed_state SET key_changes = key_changes + 1 WHERE only_row = 1")
        .execute(write.connection())
        .await?;
    Ok(())
}
