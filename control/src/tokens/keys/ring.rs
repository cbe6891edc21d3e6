//! The keys as the database has them now. Any replica may change them, so they are never used from
//! memory without a look at the database's count of changes: a key that was refused is refused
//! everywhere from then on.

use std::sync::{Arc, PoisonError, RwLock};

use portcullis::session::signature::Algorithm;

use super::Keys;
use super::state::KeyState;
use crate::audit::Initiator;
use crate::seal::Seal;
use crate::storage::{
    CorruptValue, Database, KeyRevision, PlainKey, SealingError, StorageError, StoredKeys,
};
use crate::system::clock::Clock;
use crate::system::randomness::Randomness;
use crate::tokens::signing_key::{GenerateError, SigningKey, StoredKeyError};

/// The keys as of the last change.
#[derive(Debug)]
pub struct KeyRing {
    loaded: RwLock<Loaded>,
    seal: Arc<Seal>,
}

#[derive(Debug, Clone)]
struct Loaded {
    revision: KeyRevision,
    keys: Arc<Keys>,
}

/// Why the keys cannot be loaded or made.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// There is no new key.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// A key cannot be sealed, so it is not stored.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// A stored key cannot be used.
    #[error(transparent)]
    Stored(#[from] StoredKeyError),
    /// No stored key signs.
    #[error("no signing key in the database signs")]
    NoneSigns,
    /// The service stops while the key is made.
    #[error("the service is stopping")]
    Stopping,
}

/// Where a new key's bytes come from.
pub struct NewKey<'a> {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// The randomness.
    pub random: &'a Arc<dyn Randomness>,
}

impl NewKey<'_> {
    /// Makes the key, on a thread where it delays no request.
    ///
    /// # Errors
    /// When there is no key.
    pub async fn make(self) -> Result<PlainKey, KeysError> {
        let (algorithm, random) = (self.algorithm, Arc::clone(self.random));
        let made = tokio::task::spawn_blocking(move || {
            SigningKey::generate(algorithm, random.as_ref()).map(|key| key.to_plain())
        });
        Ok(made.await.map_err(|_| KeysError::Stopping)??)
    }
}

impl KeyRing {
    /// The stored keys; if there are none, a first key is made. What the current key does not seal
    /// is sealed again.
    ///
    /// # Errors
    /// When a key cannot be read or made.
    pub async fn open(
        storage: &Database,
        clock: &dyn Clock,
        new: NewKey<'_>,
        seal: Arc<Seal>,
    ) -> Result<Self, KeysError> {
        let resealed = storage.reseal(&seal, &Initiator::system("start")).await?;
        if resealed > 0 {
            tracing::info!(resealed, key = seal.current(), "secrets sealed");
        }
        // What a reseal that was interrupted has left.
        if let Err(error) = seal.drop_old() {
            tracing::warn!(%error, "the old key that sealed secrets is still in its file");
        }
        let mut stored = storage.signing_keys().await?;
        if stored.keys.is_empty() {
            let first = new.make().await?;
            storage
                .add_first_signing_key(&first, &seal, clock.now_seconds())
                .await?;
            stored = storage.signing_keys().await?;
        }
        Ok(Self {
            loaded: RwLock::new(load(stored, &seal)?),
            seal,
        })
    }

    /// The keys in force now.
    ///
    /// # Errors
    /// When the database cannot be read: keys from memory may have been refused meanwhile.
    pub async fn current(&self, storage: &Database) -> Result<Arc<Keys>, StorageError> {
        let revision = storage.key_revision().await?;
        let held = self.held();
        if held.revision == revision {
            return Ok(held.keys);
        }
        let loaded = load(storage.signing_keys().await?, &self.seal).map_err(|error| {
            tracing::error!(%error, "the signing keys cannot be read");
            CorruptValue::SigningKey
        })?;
        *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = loaded.clone();
        Ok(loaded.keys)
    }

    fn held(&self) -> Loaded {
        self.loaded
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

fn load(stored: StoredKeys, seal: &Seal) -> Result<Loaded, KeysError> {
    let (mut signing, mut others) = (None, Vec::new());
    for key in stored.keys {
        if !key.state.is_in_force() {
            continue;
        }
        let read = SigningKey::from_material(&key.material, seal)?;
        match key.state {
            KeyState::Signing { .. } => signing = Some(read),
            _ => others.push(read),
        }
    }
    let signing = signing.ok_or(KeysError::NoneSigns)?;
    Ok(Loaded {
        revision: stored.revision,
        keys: Arc::new(Keys::new(signing, others, stored.refusals)),
    })
}
