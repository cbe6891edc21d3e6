//! Tokens, codes and secrets: what is signed, what is issued once, and how each is stored.

pub(crate) mod admin_tokens;
pub(crate) mod bearer;
pub(crate) mod credential;
pub(crate) mod device_codes;
pub(crate) mod exchange_codes;
pub(crate) mod filter_credentials;
pub(crate) mod header_tokens;
pub mod keys;
pub mod secret;
pub(crate) mod service_tokens;
pub mod session_claims;
pub mod signing_key;
pub(crate) mod told;
