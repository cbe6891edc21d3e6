//! Tokens, codes, keys and credentials. Only hashes of secrets are stored, except for signing keys.

pub(super) mod admin_tokens;
pub(super) mod device_codes;
pub(super) mod exchange_codes;
pub(super) mod filter_credentials;
pub(super) mod refreshes;
pub(super) mod signing_keys;
