//! A subject as a number.
//!
//! SipHash under a key that chance made and nobody sees (Aumasson and Bernstein, 2012): among a
//! million subjects two share a fingerprint with a chance of one in thirty million, and nobody
//! can look for such a pair. Two that did would share the stricter bound.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

use crate::protocol::claims::ApplicationClaims;
use crate::protocol::feed::Subject;

/// Makes fingerprints.
#[derive(Debug, Clone)]
pub(super) struct Fingerprints {
    key: RandomState,
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
    of_token: [u64; 4],
}

impl Default for Fingerprints {
    fn default() -> Self {
        let key = RandomState::new();
        let name = key.hash_one(());
        Self { key, name }
    }
}

impl Fingerprints {
    /// All subjects that a token with these claims at its application belongs to. Where `known` is the
    /// token's own, they are made once.
    pub fn of_token(
        &self,
        claims: &ApplicationClaims,
        audience: &str,
        known: &TokenFingerprints,
    ) -> [u64; 4] {
        if let Some(known) = known.0.get()
            && known.key == self.name
        {
            return known.of_token;
        }
        let (sub, sid) = (claims.sub.as_str(), claims.sid.as_str());
        let of_token = [
            self.key.hash_one((USER, sub)),
            self.key.hash_one((APPLICATION, audience)),
            self.key.hash_one((USER_APPLICATION, sub, audience)),
            self.key.hash_one((SESSION, sid)),
        ];
        known.0.set(Some(Known {
            key: self.name,
            of_token,
        }));
        of_token
    }

    /// One subject's.
    pub fn of(&self, subject: &Subject) -> u64 {
        match subject {
            Subject::User(sub) => self.key.hash_one((USER, sub.as_str())),
            Subject::Application(audience) => self.key.hash_one((APPLICATION, audience.as_str())),
            Subject::UserApplication(sub, audience) => {
                self.key
                    .hash_one((USER_APPLICATION, sub.as_str(), audience.as_str()))
            }
            Subject::Session(sid) => self.key.hash_one((SESSION, sid.as_str())),
        }
    }
}

const USER: u8 = 1;
const APPLICATION: u8 = 2;
const USER_APPLICATION: u8 = 3;
const SESSION: u8 = 4;
