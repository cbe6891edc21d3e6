//! Is the session good? The one verifier that every path to *allow* passes.
//!
//! What it found good is a type that only it can make ([`Verified`]); until then everything that
//! a token says is named `unverified`. Every check is made on every request, except the
//! signature, whose result is kept for tokens seen before ([`cache`]).

pub mod cache;
pub mod keys;
pub mod pure;
pub mod revocations;
pub mod signature;
pub mod signed;
pub mod token;
pub(crate) mod verifier;

pub use verifier::{
    Candidate, Demand, Refreshable, SignatureCounts, Source, Trust, Verified, Verifier,
};
