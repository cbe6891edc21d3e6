//! Shared data that can be trusted: every value carries an HMAC-SHA256 (RFC 2104) over the name of
//! its key, its label, and its bytes.
//!
//! Other plugins can write into the same memory. The HMAC's key is derived from the filter
//! credential, and the names of the keys from everything that makes two configurations follow
//! different feeds, so that neither they nor other plugins affect each other. A value whose HMAC
//! does not match counts as absent.

use hmac_sha256::HMAC;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::shared_data::{Precondition, SharedData, SharedDataError};
use crate::feed::state::FeedSettings;
use crate::protocol::base64url;

/// The prefix of all keys. Its number rises whenever the keys or values change, so that an older
/// and a newer module in one process do not read each other's.
const FORMAT: &str = "portcullis/3";
/// Key of the process's name. All groups with the same credential share it.
pub const PROCESS: &str = "process";
const TAG_BYTES: usize = 32;
const NAME_BYTES: usize = 16;

/// What VMs must have in common to share a feed, besides [`FeedSettings`]. Has no `Debug`: it holds
/// the filter credential.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// The filter credential.
    pub credential: &'a str,
    /// The team domain.
    pub team_domain: &'a str,
    /// The cluster of the control service.
    pub cluster: &'a str,
}

/// The shared data of one scope.
pub struct AuthenticatedStore {
    data: Box<dyn SharedData>,
    key: [u8; TAG_BYTES],
    prefix: String,
    /// The prefix of what all groups with the same credential share.
    process_prefix: String,
}

/// What a key held.
pub struct Found<T> {
    /// The value, if it is authentic.
    pub value: Option<T>,
    /// The precondition of a write that replaces it.
    pub precondition: Precondition,
}

impl AuthenticatedStore {
    /// The shared data of the VMs with the same scope, audiences, stale policy and limit: what one
    /// VM applies, all must be able to apply, and one poll reports for all of them.
    pub fn new(data: Box<dyn SharedData>, scope: &Scope<'_>, settings: &FeedSettings) -> Self {
        let key = HMAC::mac("portcullis shared data", scope.credential);
        let mut name = HMAC::new(key);
        update(&mut name, scope.team_domain.as_bytes());
        update(&mut name, scope.cluster.as_bytes());
        for audience in &settings.audiences {
            update(&mut name, audience.as_bytes());
        }
        name.update(settings.when_stale.after_millis().to_le_bytes());
        name.update([u8::from(settings.when_stale.denies)]);
        name.update((settings.max_revocations as u64).to_le_bytes());
        Self {
            data,
            key,
            prefix: prefix(&name.finalize()),
            process_prefix: prefix(&HMAC::mac(PROCESS, key)),
        }
    }

    /// Reads bytes that were written with this label.
    pub fn read(&self, name: &str, label: &str) -> Result<Found<Vec<u8>>, SharedDataError> {
        let key = self.key_name(name);
        let Some(held) = self.data.get(&key)? else {
            return Ok(Found {
                value: None,
                precondition: Precondition::Absent,
            });
        };
        Ok(Found {
            value: self.verify(&key, label, held.bytes),
            precondition: Precondition::Unchanged(held.cas),
        })
    }

    /// Writes bytes with a label.
    pub fn write(
        &self,
        name: &str,
        label: &str,
        bytes: &[u8],
        precondition: Precondition,
    ) -> Result<(), SharedDataError> {
        let key = self.key_name(name);
        let tag = self.tag(&key, label, bytes);
        self.data.set(&key, &[bytes, &tag].concat(), precondition)
    }

    /// Empties a key. The host cannot delete one.
    pub fn clear(&self, name: &str) -> Result<(), SharedDataError> {
        self.data.set(&self.key_name(name), b"", Precondition::None)
    }

    /// Reads a small value.
    pub fn read_small<T: DeserializeOwned>(&self, name: &str) -> Result<Found<T>, SharedDataError> {
        let Found {
            value,
            precondition,
        } = self.read(name, "")?;
        let value = value.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Ok(Found {
            value,
            precondition,
        })
    }

    /// Writes a small value.
    pub fn write_small(
        &self,
        name: &str,
        value: &impl Serialize,
        precondition: Precondition,
    ) -> Result<(), SharedDataError> {
        // These types always serialize; an empty value would be read as absent.
        let bytes = serde_json::to_vec(value).unwrap_or_default();
        self.write(name, "", &bytes, precondition)
    }

    fn key_name(&self, name: &str) -> String {
        let prefix = if name == PROCESS {
            &self.process_prefix
        } else {
            &self.prefix
        };
        format!("{prefix}/{name}")
    }

    fn verify(&self, key: &str, label: &str, mut bytes: Vec<u8>) -> Option<Vec<u8>> {
        let end = bytes.len().checked_sub(TAG_BYTES)?;
        let (content, tag) = bytes.split_at_checked(end)?;
        if !bool::from(tag.ct_eq(&self.tag(key, label, content))) {
            return None;
        }
        bytes.truncate(end);
        Some(bytes)
    }

    fn tag(&self, key: &str, label: &str, bytes: &[u8]) -> [u8; TAG_BYTES] {
        let mut mac = HMAC::new(self.key);
        update(&mut mac, key.as_bytes());
        update(&mut mac, label.as_bytes());
        mac.update(bytes);
        mac.finalize()
    }
}

fn prefix(hash: &[u8]) -> String {
    let short = hash.get(..NAME_BYTES).unwrap_or(hash);
    format!("{FORMAT}/{}", base64url::encode(short))
}

/// Adds a part with its length before it, so that no two lists of parts give the same bytes.
fn update(mac: &mut HMAC, part: &[u8]) {
    mac.update((part.len() as u64).to_le_bytes());
    mac.update(part);
}

/// A small value that is read on every tick, and decoded again only after a write.
#[derive(Debug)]
pub struct Watched<T> {
    name: &'static str,
    precondition: Precondition,
    value: Option<T>,
}

impl<T: for<'de> Deserialize<'de>> Watched<T> {
    /// A value that has not been read yet.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            precondition: Precondition::None,
            value: None,
        }
    }

    /// Reads the value.
    pub fn look(&mut self, store: &AuthenticatedStore) -> Result<Option<&T>, SharedDataError> {
        let key = store.key_name(self.name);
        let held = store.data.get(&key)?;
        let precondition = held.as_ref().map_or(Precondition::Absent, |held| {
            Precondition::Unchanged(held.cas)
        });
        if precondition != self.precondition {
            self.value = held
                .and_then(|held| store.verify(&key, "", held.bytes))
                .and_then(|bytes| serde_json::from_slice(&bytes).ok());
            self.precondition = precondition;
        }
        Ok(self.value.as_ref())
    }

    /// The value as last read.
    pub fn seen(&self) -> Option<&T> {
        self.value.as_ref()
    }

    /// The precondition of a write that replaces the value as last read.
    pub fn precondition(&self) -> Precondition {
        self.precondition
    }
}
