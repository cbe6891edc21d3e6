//! What an exchange is made with.

use portcullis::protocol::base64url;

/// What the browser carried on two ways; neither alone gives the binding secret.
pub(super) struct Secrets {
    pub(super) code: String,
    pub(super) verifier: String,
}

impl Secrets {
    /// The binding secret of a stored seed. Neither the database nor the callback's URL in an
    /// access log is enough to compute it.
    pub(super) fn binding(&self, seed: &str) -> String {
        let mut mac = hmac_sha256::HMAC::new(seed.as_bytes());
        mac.update(self.verifier.as_bytes());
        mac.update([0]);
        mac.update(self.code.as_bytes());
        base64url::encode(&mac.finalize())
    }
}
