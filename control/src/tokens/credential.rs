//! Long-lived credentials of programs, `<id>.<secret>`: shown once, stored hashed, told apart by their
//! ids and names.
//!
//! Filter credentials and admin tokens are such credentials.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use portcullis::time::UnixSeconds;

use super::secret::{Hashed, Plain};
use crate::problems::InputProblems;
use crate::system::randomness::{NoRandomness, Randomness};

const MAX_NAME_BYTES: usize = 64;

/// Uses are stored to the minute; more writes would tell an administrator nothing.
const NOTED_EVERY: Duration = Duration::from_secs(60);

/// A new credential.
pub struct NewCredential {
    /// Its id, in logs too.
    pub id: String,
    /// The hash of its secret, to be stored.
    pub secret_hash: Hashed,
    /// The whole credential, to be shown once.
    pub whole: Plain,
}

/// A credential as a caller shows it.
pub struct ShownCredential<'a> {
    /// The id that it claims.
    pub id: &'a str,
    secret: Plain,
}

/// When each credential was last noted as used, so that few uses cost a write.
#[derive(Default)]
pub struct Uses {
    noted: Mutex<HashMap<String, UnixSeconds>>,
}

impl NewCredential {
    /// Makes a credential.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn make(random: &dyn Randomness) -> Result<Self, NoRandomness> {
        let id = random.id()?;
        let secret = Plain::new(random.secret()?);
        Ok(Self {
            secret_hash: secret.hashed(),
            whole: Plain::new(format!("{id}.{}", secret.reveal())),
            id,
        })
    }
}

impl<'a> ShownCredential<'a> {
    /// The parts of a text; `None` if it is no credential.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let (id, secret) = text.split_once('.')?;
        Some(Self {
            id,
            secret: Plain::new(secret.to_owned()),
        })
    }

    /// Whether it has the secret with this hash.
    #[must_use]
    pub fn matches(&self, stored: &Hashed) -> bool {
        stored.is_of(&self.secret)
    }
}

impl Uses {
    /// Whether a use of the credential with this id is to be stored now.
    #[must_use]
    pub fn is_due(&self, id: &str, now: UnixSeconds) -> bool {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        match noted.get_mut(id) {
            // The clock may have been set back.
            Some(last) if *last <= now && now < *last + NOTED_EVERY => false,
            Some(last) => {
                *last = now;
                true
            }
            None => {
                noted.insert(id.to_owned(), now);
                true
            }
        }
    }
}

/// Notes what is wrong with a name.
pub fn check_name(name: &str, problems: &mut InputProblems) {
    if name.len() > MAX_NAME_BYTES || name.trim() != name || name.chars().any(char::is_control) {
        let message = "must have at most 64 bytes, and no spaces at the ends";
        problems.add("name", name, message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::randomness::SystemRandomness;

    #[test]
    fn a_credential_has_its_secret_only() {
        let new = NewCredential::make(&SystemRandomness).unwrap();
        let shown = ShownCredential::parse(new.whole.reveal()).unwrap();
        assert_eq!(shown.id, new.id);
        assert!(shown.matches(&new.secret_hash));
        let longer = format!("{}x", new.whole.reveal());
        let shown = ShownCredential::parse(&longer).unwrap();
        assert!(!shown.matches(&new.secret_hash));
        assert!(ShownCredential::parse(&new.id).is_none());
    }

    #[test]
    fn uses_are_noted_once_a_minute() {
        let uses = Uses::default();
        let at = |seconds| uses.is_due("a", UnixSeconds::new(seconds));
        assert_eq!(
            [at(100), at(159), at(160), at(161), at(50)],
            [true, false, true, false, true]
        );
        assert!(uses.is_due("b", UnixSeconds::new(50)));
    }
}
