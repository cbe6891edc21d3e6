//! Secrets at rest. The database holds them sealed: encrypted and authenticated with AES-256-GCM
//! (NIST SP 800-38D) under a key that is not in the database.
//!
//! A sealed secret is `sealed1.<id of the key>.<base64url of nonce, ciphertext and tag>`. What it is
//! for is authenticated with it, so it does not open in another place.

mod authentic;
pub mod key;
mod sealed;
pub mod source;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use portcullis::protocol::base64url;

use crate::system::randomness::{NoRandomness, Randomness};
use key::SealKey;
pub use sealed::Sealed;
use sealed::VERSION;
use source::{Source, SourceError};

/// The keys of one source: the first seals, each opens what it has sealed.
pub struct Seal {
    source: Source,
    keys: RwLock<Arc<[SealKey]>>,
}

/// What a secret is for.
#[derive(Debug, Clone, Copy)]
pub enum Purpose<'a> {
    /// The private part of a signing key.
    SigningKey {
        /// The key's id.
        kid: &'a str,
    },
    /// The key that recognises browsers in which users signed in.
    KnownBrowsers,
    /// The refresh token that a provider issued at a sign-in.
    RefreshToken {
        /// The session's id.
        session: &'a str,
    },
    /// The ID token of a sign-in, which names the session when the user signs out at the provider.
    IdToken {
        /// The session's id.
        session: &'a str,
    },
    /// What a browser keeps while a person is at a provider. Never stored.
    SignInAttempt {
        /// The attempt's id.
        attempt: &'a str,
    },
}

/// Why a secret cannot be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The key is not there.
    #[error(
        "a secret in the database is sealed by the key {key}, which {source_name} does not have: \
         put that key back; all control services of one database need it (keys.seal). If it is \
         lost, run `restore`, which makes new keys and ends all sessions"
    )]
    UnknownKey {
        /// The id of the key.
        key: String,
        /// Where it was looked for.
        source_name: String,
    },
    /// It was changed, or is another secret.
    #[error("a sealed secret in the database does not open: it was changed")]
    Broken,
    /// It is not sealed.
    #[error("a secret in the database is not sealed")]
    NotSealed,
    /// The library failed.
    #[error("the cryptographic library failed to seal a secret")]
    Library,
}

/// Why a seal key cannot be replaced.
#[derive(Debug, thiserror::Error)]
pub enum NewKeyError {
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// The source cannot be read or written.
    #[error(transparent)]
    Source(#[from] SourceError),
}

impl Seal {
    /// The keys of a source. A data directory's own key file is made if it is missing and
    /// `may_create`.
    ///
    /// # Errors
    /// When there is no key.
    pub fn load(
        source: Source,
        may_create: bool,
        random: &dyn Randomness,
    ) -> Result<Self, NewKeyError> {
        let keys = match source.read()? {
            Some(keys) => keys,
            None if may_create => {
                let keys = vec![SealKey::generate(random)?];
                source.write(&keys)?;
                keys
            }
            None => return Err(SourceError::Missing(source.to_string()).into()),
        };
        Ok(Self {
            source,
            keys: RwLock::new(keys.into()),
        })
    }

    /// Where the keys come from.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The id of the key that seals.
    #[must_use]
    pub fn current(&self) -> String {
        let keys = self.keys();
        keys.first().map(|key| key.id.clone()).unwrap_or_default()
    }

    /// Seals a secret with the first key.
    ///
    /// # Errors
    /// When the library fails.
    pub fn seal(&self, purpose: Purpose<'_>, secret: &[u8]) -> Result<Sealed, SealError> {
        self.seal_by(&self.current(), purpose, secret)
    }

    /// Seals a secret with a key that is in use.
    ///
    /// # Errors
    /// When the source does not have it, or the library fails.
    pub fn seal_by(
        &self,
        id: &str,
        purpose: Purpose<'_>,
        secret: &[u8],
    ) -> Result<Sealed, SealError> {
        let key = self.key(id)?;
        let mut bytes = secret.to_vec();
        let nonce = key
            .cipher()?
            .seal_in_place_append_tag(purpose.aad(), &mut bytes)
            .map_err(|_| SealError::Library)?;
        let sealed = [nonce.as_ref().as_slice(), &bytes].concat();
        let text = base64url::encode(&sealed);
        Ok(Sealed(format!("{VERSION}.{}.{text}", key.id)))
    }

    /// Opens a secret. Where its key is unknown, the source is read again: another control service
    /// may use a newer one.
    ///
    /// # Errors
    /// When it is not a secret for this purpose that one of the keys sealed.
    pub fn open(&self, purpose: Purpose<'_>, sealed: &Sealed) -> Result<Vec<u8>, SealError> {
        let (id, text) = sealed.parts().ok_or(SealError::NotSealed)?;
        let key = self.key(id)?;
        let bytes = base64url::decode(text.as_bytes()).ok_or(SealError::Broken)?;
        let (nonce, ciphertext) = bytes.split_at_checked(NONCE_LEN).ok_or(SealError::Broken)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::Broken)?;
        let mut bytes = ciphertext.to_vec();
        let opened = key
            .cipher()?
            .open_in_place(nonce, purpose.aad(), &mut bytes)
            .map_err(|_| SealError::Broken)?;
        Ok(opened.to_vec())
    }

    /// Seals a stored secret with the current key; `None` if that is so already. A secret from
    /// before secrets were sealed is taken as it is.
    ///
    /// # Errors
    /// When it does not open.
    pub fn again(
        &self,
        purpose: Purpose<'_>,
        stored: &Sealed,
    ) -> Result<Option<Sealed>, SealError> {
        match stored.parts() {
            Some((id, _)) if id == self.current() => Ok(None),
            Some(_) => self.seal(purpose, &self.open(purpose, stored)?).map(Some),
            None => {
                let plain = base64url::decode(stored.0.as_bytes()).ok_or(SealError::NotSealed)?;
                self.seal(purpose, &plain).map(Some)
            }
        }
    }

    /// Puts a new key before the one in use where the source is the data directory's own, unless an
    /// attempt that failed has left one there; else reads the source again. Secrets that the key in
    /// use has sealed still open.
    ///
    /// # Errors
    /// When nothing has changed.
    pub fn renew(&self, in_use: &str, random: &dyn Randomness) -> Result<(), NewKeyError> {
        let keys = if self.source.is_own() {
            let old = self.keys();
            let (old, mut unused): (Vec<_>, Vec<_>) =
                old.iter().cloned().partition(|key| key.id == in_use);
            let new = match unused.drain(..).next() {
                Some(unused) => unused,
                None => SealKey::generate(random)?,
            };
            let keys = [vec![new], old].concat();
            self.source.write(&keys)?;
            keys
        } else {
            let keys = self.source.read()?;
            keys.ok_or_else(|| SourceError::Missing(self.source.to_string()))?
        };
        self.hold(keys);
        Ok(())
    }

    /// Forgets the keys that seal nothing any more, where the source is the data directory's own.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn drop_old(&self) -> Result<(), SourceError> {
        if !self.source.is_own() || self.keys().len() == 1 {
            return Ok(());
        }
        let current: Vec<SealKey> = self.keys().iter().take(1).cloned().collect();
        self.source.write(&current)?;
        self.hold(current);
        Ok(())
    }

    /// Opens what a stranger may have made. The source is not read again, whatever key it names.
    #[must_use]
    pub fn open_unverified(&self, purpose: Purpose<'_>, sealed: &Sealed) -> Option<Vec<u8>> {
        let id = sealed.sealed_by()?;
        let is_held = self.keys().iter().any(|key| key.id == id);
        is_held.then(|| self.open(purpose, sealed).ok())?
    }

    fn key(&self, id: &str) -> Result<SealKey, SealError> {
        let held = |keys: &[SealKey]| keys.iter().find(|key| key.id == id).cloned();
        let read_again = || {
            let keys = self.source.read().ok().flatten()?;
            let found = held(&keys)?;
            self.hold(keys);
            Some(found)
        };
        let found = held(&self.keys()).or_else(read_again);
        found.ok_or_else(|| SealError::UnknownKey {
            key: id.to_owned(),
            source_name: self.source.to_string(),
        })
    }

    fn keys(&self) -> Arc<[SealKey]> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&keys)
    }

    fn hold(&self, keys: Vec<SealKey>) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys.into();
    }
}

impl SealKey {
    fn cipher(&self) -> Result<RandomizedNonceKey, SealError> {
        RandomizedNonceKey::new(&AES_256_GCM, self.bytes()).map_err(|_| SealError::Library)
    }
}

impl Purpose<'_> {
    fn aad(self) -> Aad<String> {
        Aad::from(match self {
            Self::SigningKey { kid } => format!("portcullis signing key {kid}"),
            Self::KnownBrowsers => "portcullis known browsers".to_owned(),
            Self::RefreshToken { session } => format!("portcullis refresh token {session}"),
            Self::IdToken { session } => format!("portcullis ID token {session}"),
            Self::SignInAttempt { attempt } => format!("portcullis sign-in {attempt}"),
        })
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Seal({})", self.source)
    }
}

#[cfg(test)]
mod tests;
