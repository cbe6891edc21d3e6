//! A subject as a number.
//!
//! SipHash under a key that chance made and nobody sees (Aumasson and Bernstein, 2012): among a
//! million subjects two share a fingerprint with a chance of one in thirty million, and nobody
//! can look for such a pair. Two that did would share the stricter bound.

use std::hash::{BuildHasher, RandomState};

use crate::protocol::claims::ApplicationClaims;
use crate::protocol::feed::Subject;

/// Makes fingerprints.
#[derive(Debug, Default, Clone)]
pub(super) struct Fingerprints(RandomState);

impl Fingerprints {
    /// All subjects that a token with these claims at an application belongs to.
    pub fn of_token(&self, claims: &ApplicationClaims, audience: &str) -> [u64; 4] {
        let (sub, sid) = (claims.sub.as_str(), claims.sid.as_str());
        [
            self.0.hash_one((USER, sub)),
            self.0.hash_one((APPLICATION, audience)),
            self.0.hash_one((USER_APPLICATION, sub, audience)),
            self.0.hash_one((SESSION, sid)),
        ]
    }

    /// One subject's.
    pub fn of<S: AsRef<str>>(&self, subject: &Subject<S>) -> u64 {
        match subject {
            Subject::User(sub) => self.0.hash_one((USER, sub.as_ref())),
            Subject::Application(audience) => self.0.hash_one((APPLICATION, audience.as_ref())),
            Subject::UserApplication(sub, audience) => {
                self.0
                    .hash_one((USER_APPLICATION, sub.as_ref(), audience.as_ref()))
            }
            Subject::Session(sid) => self.0.hash_one((SESSION, sid.as_ref())),
        }
    }
}

const USER: u8 = 1;
const APPLICATION: u8 = 2;
const USER_APPLICATION: u8 = 3;
const SESSION: u8 = 4;
