//! What the parts of an attempt are sealed for.

use super::super::super::super::page::failure::Failure;
use crate::seal::{Purpose, Seal, Sealed};

/// What a trial is sealed for. A service that knows no trials cannot open it, and takes it for no sign-in.
pub fn trial_of(id: &str) -> String {
    format!("{id} trial")
}

/// What the place is sealed for to which the user is going.
pub fn place_of(id: &str) -> String {
    format!("{id} place")
}

/// Seals a part of an attempt.
pub fn sealed(seal: &Seal, attempt: &str, bytes: &[u8]) -> Result<Sealed, Failure> {
    seal.seal(Purpose::SignInAttempt { attempt }, bytes)
        .map_err(|_| Failure::Broken("a sign-in could not be sealed"))
}
