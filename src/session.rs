//! Is the session good? The one verifier that every path to *allow* passes.
//!
//! A good session is a type that only the verifier can make ([`Verified`]). Until then everything
//! that a token says is named `unverified`. Every check is made on every request, except the
//! signature, whose result is kept for tokens seen before ([`cache`]).

pub mod cache;
mod demand;
pub mod keys;
pub mod pure;
pub mod revocations;
pub mod signature;
pub mod signed;
pub mod token;
pub(crate) mod verifier;

pub use demand::{Candidate, Demand, Source, Trust};
pub use verifier::{Refreshable, SignatureCounts, Verified, Verifier};
