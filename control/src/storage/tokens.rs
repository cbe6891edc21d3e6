//! Tokens, codes, keys and credentials. Of secrets only hashes are stored; signing keys are
//! sealed.

pub(super) mod admin_tokens;
pub(super) mod device_codes;
pub(super) mod exchange_codes;
pub(super) mod filter_credentials;
pub(super) mod refreshes;
pub(super) mod service_tokens;
pub(super) mod signing_keys;
