//! The memory in which hashes are computed, kept and reused.
//!
//! A hash takes 19 MiB. If each allocated them, the system's allocator would keep freed blocks for
//! each thread that ever computed one. As many workspaces exist as hashes were computed at once.

use std::sync::{Mutex, PoisonError};

use argon2::password_hash::phc::{self, Output};
use argon2::{Algorithm, Argon2, Block, Params, Version};

use crate::sign_in::password_hash::PasswordHash;

/// Workspaces that are not in use.
#[derive(Default)]
pub(super) struct Workspaces {
    free: Mutex<Vec<Workspace>>,
}

/// The memory of one hash. The next one overwrites it.
#[derive(Default)]
pub(super) struct Workspace {
    blocks: Vec<Block>,
}

impl Workspaces {
    /// Runs `work` with a workspace, a new one if none is free.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Workspace) -> T) -> T {
        let free = || self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut workspace = free().pop().unwrap_or_default();
        let done = work(&mut workspace);
        free().push(workspace);
        done
    }
}

impl Workspace {
    /// The hash to store; `None` if it cannot be computed.
    pub(super) fn hash(&mut self, password: &str, salt: &[u8]) -> Option<PasswordHash> {
        let params = Params::default();
        let mut hash = phc::PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: (&params).try_into().ok()?,
            salt: Some(salt.try_into().ok()?),
            hash: None,
        };
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        hash.hash = Some(self.output(&argon, password, salt, Params::DEFAULT_OUTPUT_LEN)?);
        Some(PasswordHash::new(hash.to_string()))
    }

    /// Whether `stored` is the hash of `password`; `None` if it is no hash, or cannot be computed.
    pub(super) fn matches(&mut self, password: &str, stored: &PasswordHash) -> Option<bool> {
        let stored = phc::PasswordHash::new(stored.reveal()).ok()?;
        let (Some(salt), Some(output)) = (&stored.salt, &stored.hash) else {
            return None;
        };
        let algorithm = Algorithm::try_from(stored.algorithm.as_str()).ok()?;
        let version = match stored.version {
            Some(version) => Version::try_from(version).ok()?,
            None => Version::default(),
        };
        let params = Params::try_from(&stored).ok()?;
        let argon = Argon2::new(algorithm, version, params);
        // Outputs are compared in constant time.
        Some(self.output(&argon, password, salt.as_ref(), output.len())? == *output)
    }

    fn output(
        &mut self,
        argon: &Argon2<'_>,
        password: &str,
        salt: &[u8],
        length: usize,
    ) -> Option<Output> {
        let blocks = argon.params().block_count();
        if self.blocks.len() < blocks {
            self.blocks.resize(blocks, Block::new());
        }
        let mut bytes = [0; Output::MAX_LENGTH];
        let out = bytes.get_mut(..length)?;
        argon
            .hash_password_into_with_memory(password.as_bytes(), salt, out, &mut *self.blocks)
            .ok()?;
        Output::new(out).ok()
    }
}

#[cfg(test)]
mod tests {
    use argon2::{PasswordHasher, PasswordVerifier};

    use super::*;

    #[test]
    fn used_memory_changes_no_hash() {
        let workspaces = Workspaces::default();
        for password in ["first", "second", "third"] {
            let ours = workspaces.with(|one| one.hash(password, b"salt of 16 bytes"));
            let theirs: phc::PasswordHash = Argon2::default()
                .hash_password_with_salt(password.as_bytes(), b"salt of 16 bytes")
                .unwrap();
            assert_eq!(ours.unwrap().reveal(), theirs.to_string());
        }
        assert_eq!(workspaces.free.lock().unwrap().len(), 1, "one was reused");
    }

    #[test]
    fn hashes_with_other_parameters_are_checked() {
        let params = Params::new(64, 3, 2, Some(24)).unwrap();
        let other = Argon2::new(Algorithm::Argon2i, Version::V0x10, params);
        let stored: phc::PasswordHash = other
            .hash_password_with_salt(b"password", b"another salt")
            .unwrap();
        assert!(
            Argon2::default()
                .verify_password(b"password", &stored)
                .is_ok()
        );
        let stored = PasswordHash::new(stored.to_string());
        let matches = |password| Workspace::default().matches(password, &stored).unwrap();
        assert!(matches("password"));
        assert!(!matches("passwort"));
    }

    #[test]
    fn what_is_no_hash_is_not_compared() {
        for text in [
            "",
            "x",
            "$argon2id$v=19$m=19456,t=2,p=1",
            "$scrypt$ln=1$c2FsdHNhbHQ$aGFzaGhhc2g",
        ] {
            let stored = PasswordHash::new(text.to_owned());
            assert!(
                Workspace::default().matches("x", &stored).is_none(),
                "{text}"
            );
        }
    }
}
