//! A subject as a number.
//!
//! SipHash-1-3 under a secret key (Aumasson and Bernstein, 2012): among a million subjects two share
//! a fingerprint with a chance of one in thirty million, and an attacker cannot search for such a
//! pair. Two that did would share the stricter bound.
//!
//! The key is random, or derived from the filter credential: VMs with the same credential then
//! understand each other's fingerprints.

use std::cell::Cell;
use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};

use hmac_sha256::HMAC;
use siphasher::sip::SipHasher13;

use crate::protocol::claims::ApplicationClaims;
use crate::protocol::feed::{Scope, Subject, TokenIds};

/// Makes fingerprints. Its `Debug` shows no key.
#[derive(Clone)]
pub struct Fingerprints {
    key: SipHasher13,
    /// Tells one key from another.
    name: u64,
}

/// The fingerprints of all subjects that a token belongs to, kept with it until they are asked of
/// under another key.
#[derive(Debug, Default)]
pub struct TokenFingerprints(Cell<Option<Known>>);

#[derive(Debug, Clone, Copy)]
struct Known {
    /// The key's name.
    key: u64,
    of_token: [u64; Scope::ALL.len()],
}

impl Default for Fingerprints {
    fn default() -> Self {
        let chance = RandomState::new();
        let (one, other) = (chance.hash_one(0), chance.hash_one(1));
        Self::by(SipHasher13::new_with_keys(one, other))
    }
}

impl fmt::Debug for Fingerprints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprints")
    }
}

impl Fingerprints {
    /// Fingerprints that are the same for all VMs with this credential.
    #[must_use]
    pub fn of_credential(credential: &str) -> Self {
        let mac = HMAC::mac("portcullis fingerprints", credential);
        let mut key = [0; 16];
        key.iter_mut().zip(mac).for_each(|(key, byte)| *key = byte);
        Self::by(SipHasher13::new_with_key(&key))
    }

    fn by(key: SipHasher13) -> Self {
        let name = key.finish();
        Self { key, name }
    }

    /// All subjects that a token with these claims at its application belongs to. Where `known`
    /// is the token's own, they are made once.
    pub(super) fn of_token(
        &self,
        claims: &ApplicationClaims,
        audience: &str,
        known: &TokenFingerprints,
    ) -> [u64; Scope::ALL.len()] {
        if let Some(known) = known.0.get()
            && known.key == self.name
        {
            return known.of_token;
        }
        let ids = TokenIds {
            user: &claims.sub,
            session: &claims.sid,
            audience,
        };
        let of_token = Scope::ALL.map(|scope| self.of(&Subject::of_token(scope, ids)));
        known.0.set(Some(Known {
            key: self.name,
            of_token,
        }));
        of_token
    }

    /// One subject's.
    pub(super) fn of<S: AsRef<str>>(&self, subject: &Subject<S>) -> u64 {
        match subject {
            Subject::User(sub) => self.of_ids(USER, &[sub.as_ref()]),
            Subject::Application(audience) => self.of_ids(APPLICATION, &[audience.as_ref()]),
            Subject::UserApplication(sub, audience) => {
                self.of_ids(USER_APPLICATION, &[sub.as_ref(), audience.as_ref()])
            }
            Subject::Session(sid) => self.of_ids(SESSION, &[sid.as_ref()]),
        }
    }

    /// No two lists of ids are the same bytes: UTF-8 has no 0xff.
    fn of_ids(&self, scope: u8, ids: &[&str]) -> u64 {
        let mut hasher = self.key;
        hasher.write_u8(scope);
        for id in ids {
            hasher.write(id.as_bytes());
            hasher.write_u8(0xff);
        }
        hasher.finish()
    }
}

const USER: u8 = 1;
const APPLICATION: u8 = 2;
const USER_APPLICATION: u8 = 3;
const SESSION: u8 = 4;
