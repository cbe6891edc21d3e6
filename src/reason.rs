//! Why a request got what it got: one word for logs, counters and replies.

use std::fmt;

/// Why a session is not good, in the order in which the checks are made.
///
/// The order counts: of several tokens, the one that passed the most checks gives the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// No token was presented.
    NoSession,
    /// Two tokens under a name that browsers do not protect.
    TokenAmbiguous,
    /// Not a token as this project makes them.
    TokenMalformed,
    /// Signed by a key that the feed does not hold.
    KeyUnknown,
    /// The signature does not fit.
    SignatureInvalid,
    /// A token of another issuer, application or kind.
    TokenNotForHere,
    /// The token's time has not come.
    NotYetValid,
    /// The token's time has passed.
    SessionExpired,
    /// The binding cookie is not there.
    BindingMissing,
    /// The binding cookie is another's.
    BindingMismatch,
    /// A revocation covers the token.
    SessionRevoked,
    /// The policy rule does not admit this request.
    PolicyDenied,
}

impl Refusal {
    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoSession => "no_session",
            Self::TokenAmbiguous => "token_ambiguous",
            Self::TokenMalformed => "token_malformed",
            Self::KeyUnknown => "key_unknown",
            Self::SignatureInvalid => "signature_invalid",
            Self::TokenNotForHere => "token_not_for_here",
            Self::NotYetValid => "not_yet_valid",
            Self::SessionExpired => "session_expired",
            Self::BindingMissing => "binding_missing",
            Self::BindingMismatch => "binding_mismatch",
            Self::SessionRevoked => "session_revoked",
            Self::PolicyDenied => "policy_denied",
        }
    }

    /// A sentence for people.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::NoSession => "You are not signed in.",
            Self::SessionExpired => "Your session has expired.",
            Self::SessionRevoked => "Your session was ended by an administrator.",
            Self::PolicyDenied => "Your account has no access to this application.",
            Self::NotYetValid => "Your session begins in the future: a clock is wrong.",
            Self::BindingMissing | Self::BindingMismatch => {
                "Your session does not belong to this browser."
            }
            Self::TokenAmbiguous
            | Self::TokenMalformed
            | Self::KeyUnknown
            | Self::SignatureInvalid
            | Self::TokenNotForHere => "Your session is not valid here.",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
