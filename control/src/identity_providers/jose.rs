//! Signed tokens: JWS in compact form (RFC 7515), with the few algorithms that are accepted.

pub mod client_key;
pub mod keys;
pub mod signed;
