//! Why a signed report is refused, after its signature, issuer and audience were verified.

use crate::identity_providers::error::IdTokenFault;

/// What is wrong with a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReportFault {
    /// It is wrong in a way in which an ID token may be.
    #[error(transparent)]
    Token(#[from] IdTokenFault),
    /// It was issued too long ago, or in the future.
    #[error("the token's `iat` is too far from this machine's clock: at most {0} are allowed")]
    IssuedAt(&'static str),
    /// It reports nothing that the endpoint is for.
    #[error("the token's `events` has no `{0}`")]
    NoEvent(&'static str),
    /// It has a `nonce`, so it is an ID token.
    #[error("the token has a `nonce`, so it may be an ID token")]
    Nonce,
    /// It names nobody.
    #[error("the token has neither `sid` nor `sub`")]
    NoTarget,
    /// It came before.
    #[error("a token with this `jti` was already received")]
    Repeated,
    /// It names a person in a way that is not understood.
    #[error("`sub_id`: {0}")]
    Subject(&'static str),
}

impl ReportFault {
    /// A claim is missing.
    #[must_use]
    pub const fn missing(claim: &'static str) -> Self {
        Self::Token(IdTokenFault::Claim {
            claim,
            missing: true,
        })
    }

    /// A claim is not what it must be.
    #[must_use]
    pub const fn wrong(claim: &'static str) -> Self {
        Self::Token(IdTokenFault::Claim {
            claim,
            missing: false,
        })
    }
}
