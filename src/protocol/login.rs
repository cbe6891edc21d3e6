//! A login through the browser: the team domain's `/login` and the filter's callback.
//!
//! PKCE (RFC 7636) with S256 binds the exchange to the browser's login attempt.

use std::time::Duration;

use super::base64url;

/// The team domain's page that begins or continues a sign-in.
pub const LOGIN_PATH: &str = "/login";
/// Paths that the filter answers itself, on every application's hostname.
pub const FILTER_PREFIX: &str = "/.access/";
/// The callback that ends a login, on the application's hostname.
pub const CALLBACK_PATH: &str = "/.access/callback";

/// How long a login attempt lives in the browser that began it.
pub const ATTEMPT_LIFETIME: Duration = Duration::from_secs(600);

/// What a `state` ends with whose attempt a frame with partitioned cookies holds, for a window to
/// bring it the code.
pub const STATE_OF_FRAME: &str = ".w";

/// Whether a `state` is of an attempt that a frame holds. Nobody vouches for the ending, so the team
/// domain gives codes for it to applications with partitioned cookies only.
#[must_use]
pub fn is_of_frame(state: &str) -> bool {
    state.ends_with(STATE_OF_FRAME)
}

/// The S256 challenge of a verifier.
#[must_use]
pub fn challenge(code_verifier: &str) -> String {
    base64url::encode(&hmac_sha256::Hash::hash(code_verifier.as_bytes()))
}

#[cfg(test)]
mod tests {
    /// RFC 7636, appendix B.
    #[test]
    fn challenge_is_s256() {
        assert_eq!(
            super::challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }
}
