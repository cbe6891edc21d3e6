//! What can go wrong with a key.

use crate::seal::SealError;
use crate::system::randomness::NoRandomness;

/// A stored key is invalid.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("not a private key for its algorithm")]
pub struct KeyError;

/// Why a stored key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoredKeyError {
    /// It does not open.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// It is invalid.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Why there is no new key.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// The cryptographic library failed.
    #[error("the cryptographic library made no key")]
    Library,
}

/// The cryptographic library did not sign.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the cryptographic library did not sign")]
pub struct NoSignature;
