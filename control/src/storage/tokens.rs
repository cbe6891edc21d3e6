//! Tokens, codes, keys and credentials. None of their secrets is stored, only hashes; signing keys
//! are the exception.

pub(super) mod admin_tokens;
pub(super) mod device_codes;
pub(super) mod exchange_codes;
pub(super) mod filter_credentials;
pub(super) mod refreshes;
pub(super) mod signing_keys;
