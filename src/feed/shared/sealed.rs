//! Values under seal: HMAC-SHA256 (RFC 2104) over the key's name, what the value is said to be,
//! and the bytes.
//!
//! The seal's key is derived from the filter credential, and the keys' names from all that makes
//! two configurations follow different feeds: neither they nor other plugins touch each other.

use hmac_sha256::HMAC;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::{Over, SharedData, SharedDataError};
use crate::protocol::base64url;

/// Changes when values of an older module must not be read.
const FORMAT: &str = "portcullis/2";
const SEAL_BYTES: usize = 32;
const NAME_BYTES: usize = 16;

/// What two configurations must have in common to share a feed. Has no `Debug`: it holds the
/// filter credential.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// The filter credential.
    pub credential: &'a str,
    /// The team domain.
    pub team_domain: &'a str,
    /// The cluster of the control service.
    pub cluster: &'a str,
    /// The audiences that are guarded.
    pub audiences: &'a [String],
    /// After how many milliseconds the feed is stale, and whether that denies: a poll that speaks
    /// for all of them must be able to say it for all of them.
    pub when_stale: (u64, bool),
    /// The most revocations that are held: what one takes over, all must be able to.
    pub max_revocations: usize,
}

/// Shared data of one scope.
pub struct Sealed {
    data: Box<dyn SharedData>,
    key: [u8; SEAL_BYTES],
    prefix: String,
}

/// What a key held.
pub struct Found<T> {
    /// The value, if its seal fits.
    pub value: Option<T>,
    /// What a write replaces.
    pub over: Over,
}

impl Sealed {
    /// The shared data of a scope.
    pub fn new(data: Box<dyn SharedData>, scope: &Scope<'_>) -> Self {
        let key = HMAC::mac("portcullis shared data", scope.credential);
        let mut name = HMAC::new(key);
        let audiences = scope.audiences.iter().map(String::as_str);
        for part in [scope.team_domain, scope.cluster]
            .into_iter()
            .chain(audiences)
        {
            update(&mut name, part.as_bytes());
        }
        name.update(scope.when_stale.0.to_le_bytes());
        name.update([u8::from(scope.when_stale.1)]);
        name.update(
            u64::try_from(scope.max_revocations)
                .unwrap_or(u64::MAX)
                .to_le_bytes(),
        );
        let name = name.finalize();
        let short = name.get(..NAME_BYTES).unwrap_or(&name);
        Self {
            data,
            key,
            prefix: format!("{FORMAT}/{}", base64url::encode(short)),
        }
    }

    /// Reads bytes that are said to be `what`.
    pub fn read(&self, name: &str, what: &str) -> Result<Found<Vec<u8>>, SharedDataError> {
        let key = self.key_name(name);
        let Some(held) = self.data.get(&key)? else {
            return Ok(Found {
                value: None,
                over: Over::Absence,
            });
        };
        Ok(Found {
            value: self.open(&key, what, held.bytes),
            over: Over::Value(held.cas),
        })
    }

    /// Writes bytes that are said to be `what`.
    pub fn write(
        &self,
        name: &str,
        what: &str,
        bytes: &[u8],
        over: Over,
    ) -> Result<(), SharedDataError> {
        let key = self.key_name(name);
        let seal = self.seal(&key, what, bytes);
        self.data.set(&key, &[bytes, &seal].concat(), over)
    }

    /// Empties a key: there is no deleting.
    pub fn clear(&self, name: &str) -> Result<(), SharedDataError> {
        self.data.set(&self.key_name(name), b"", Over::Anything)
    }

    /// Reads a small value.
    pub fn read_small<T: DeserializeOwned>(&self, name: &str) -> Result<Found<T>, SharedDataError> {
        let Found { value, over } = self.read(name, "")?;
        let value = value.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Ok(Found { value, over })
    }

    /// Writes a small value.
    pub fn write_small(
        &self,
        name: &str,
        value: &impl Serialize,
        over: Over,
    ) -> Result<(), SharedDataError> {
        // These types always serialize; an empty value would be read as absent.
        let bytes = serde_json::to_vec(value).unwrap_or_default();
        self.write(name, "", &bytes, over)
    }

    fn key_name(&self, name: &str) -> String {
        format!("{}/{name}", self.prefix)
    }

    fn open(&self, key: &str, what: &str, mut bytes: Vec<u8>) -> Option<Vec<u8>> {
        let end = bytes.len().checked_sub(SEAL_BYTES)?;
        let (content, seal) = bytes.split_at_checked(end)?;
        if !bool::from(seal.ct_eq(&self.seal(key, what, content))) {
            return None;
        }
        bytes.truncate(end);
        Some(bytes)
    }

    fn seal(&self, key: &str, what: &str, bytes: &[u8]) -> [u8; SEAL_BYTES] {
        let mut mac = HMAC::new(self.key);
        update(&mut mac, key.as_bytes());
        update(&mut mac, what.as_bytes());
        mac.update(bytes);
        mac.finalize()
    }
}

/// With its length before it, so that no two lists of parts read the same.
fn update(mac: &mut HMAC, part: &[u8]) {
    mac.update((part.len() as u64).to_le_bytes());
    mac.update(part);
}

/// A small value that is looked at on every tick: read again only when somebody wrote it.
#[derive(Debug)]
pub struct Watched<T> {
    name: &'static str,
    over: Over,
    value: Option<T>,
}

impl<T: for<'de> Deserialize<'de>> Watched<T> {
    /// Not looked at yet.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            over: Over::Anything,
            value: None,
        }
    }

    /// The value now.
    pub fn look(&mut self, sealed: &Sealed) -> Result<Option<&T>, SharedDataError> {
        let key = sealed.key_name(self.name);
        let held = sealed.data.get(&key)?;
        let over = held
            .as_ref()
            .map_or(Over::Absence, |held| Over::Value(held.cas));
        if over != self.over {
            self.value = held
                .and_then(|held| sealed.open(&key, "", held.bytes))
                .and_then(|bytes| serde_json::from_slice(&bytes).ok());
            self.over = over;
        }
        Ok(self.value.as_ref())
    }

    /// The value as last looked at.
    pub fn seen(&self) -> Option<&T> {
        self.value.as_ref()
    }

    /// What a write of one who has looked replaces.
    pub fn over(&self) -> Over {
        self.over
    }
}
