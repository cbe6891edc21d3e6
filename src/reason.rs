//! Why a session is not good: one word for logs, counters and replies, and one sentence for people.

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
    /// Not a token as this project issues them.
    TokenMalformed,
    /// The control service knows no such service token, or it is disabled or has expired.
    ServiceTokenInvalid,
    /// The token names a key that the feed does not hold.
    KeyUnknown,
    /// The signature is wrong.
    SignatureInvalid,
    /// A token of another issuer, application or kind.
    TokenNotForHere,
    /// The token is not valid yet.
    NotYetValid,
    /// The token has expired.
    SessionExpired,
    /// The binding cookie is missing.
    BindingMissing,
    /// The binding cookie belongs to another session.
    BindingMismatch,
    /// A revocation covers the token.
    SessionRevoked,
    /// The policy rule does not admit this request.
    PolicyDenied,
}

impl Refusal {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::NoSession,
        Self::TokenAmbiguous,
        Self::TokenMalformed,
        Self::ServiceTokenInvalid,
        Self::KeyUnknown,
        Self::SignatureInvalid,
        Self::TokenNotForHere,
        Self::NotYetValid,
        Self::SessionExpired,
        Self::BindingMissing,
        Self::BindingMismatch,
        Self::SessionRevoked,
        Self::PolicyDenied,
    ];

    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoSession => "no_session",
            Self::TokenAmbiguous => "token_ambiguous",
            Self::TokenMalformed => "token_malformed",
            Self::ServiceTokenInvalid => "service_token_invalid",
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
            Self::NotYetValid => "Your session is not valid yet. A clock is wrong.",
            Self::BindingMissing | Self::BindingMismatch => {
                "Your session does not belong to this browser."
            }
            Self::TokenAmbiguous
            | Self::TokenMalformed
            | Self::ServiceTokenInvalid
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
