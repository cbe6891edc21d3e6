//! Why a sign-in with a provider fails. The texts are for the log and for `provider check`: they hold
//! no secret, no token, and no free text of the provider.

use super::http::HttpError;
use crate::sign_in::email::AddressError;

/// Why a call to a provider, or what it answered, is of no use.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ProviderError {
    /// It cannot be reached, is too slow, or fails (5xx). It may be back soon.
    #[error("{endpoint}: {error}")]
    Away {
        /// What was asked.
        endpoint: Endpoint,
        /// What happened.
        error: HttpError,
    },
    /// It answered with something that is no valid answer, or is forbidden.
    #[error("{endpoint}: {error}")]
    Answer {
        /// What was asked.
        endpoint: Endpoint,
        /// What is wrong with the answer.
        error: HttpError,
    },
    /// Its discovery document, or that of a transmitter, cannot be used.
    #[error("discovery document: {0}")]
    Discovery(#[from] DiscoveryFault),
    /// `iss` of the answer at the callback is that of another issuer, or is missing although the
    /// provider always sends it (RFC 9207): the answer may come from another provider.
    #[error("callback: `iss` is {}", if *missing { "missing, and this provider always sends it" } else { "another issuer" })]
    CallbackIssuer {
        /// Whether it is missing.
        missing: bool,
    },
    /// The token endpoint refuses (RFC 6749, section 5.2).
    #[error("token endpoint: refused with `{code}`")]
    TokenRefused {
        /// The provider's error code.
        code: ErrorCode,
    },
    /// The ID token, or another signed token, is invalid.
    #[error("{0}")]
    IdToken(#[from] IdTokenFault),
    /// A stranger's token names a key that is not known, and it is too early to fetch the keys again.
    #[error(
        "no known key of the provider fits the token, and the keys were just fetched; try again"
    )]
    KeysJustFetched,
    /// The UserInfo response is about somebody else, who is named by another `sub`.
    #[error("UserInfo endpoint: `sub` is not that of the ID token")]
    UserInfoSubject,
    /// The provider does not say that the e-mail address is verified.
    #[error("the e-mail address is not verified: `email_verified` is not true")]
    EmailNotVerified,
    /// The e-mail address is none.
    #[error("claim `email`: {0}")]
    EmailInvalid(AddressError),
    /// A sign-in from now on was demanded, and the provider tells of an earlier one, or of none.
    #[error("a fresh sign-in was demanded, and `auth_time` is {}", if *missing { "missing" } else { "too early" })]
    NotFresh {
        /// Whether it is missing.
        missing: bool,
    },
    /// The person is in so many groups that the provider left them out of the ID token.
    #[error("the provider left the groups out, because there are too many for an ID token")]
    GroupsLeftOut,
    /// The configured `claims` are too large to be kept.
    #[error(
        "the configured claims are {bytes} bytes of JSON together, and at most {limit} are kept"
    )]
    ClaimsTooLarge {
        /// How large they are.
        bytes: usize,
        /// How large they may be.
        limit: usize,
    },
    /// This service could not make its own part of the request.
    #[error("the operating system gave no randomness, or the client key made no signature")]
    Client,
}

/// What was asked of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// Its discovery document.
    Discovery,
    /// Its keys.
    Jwks,
    /// Its token endpoint.
    Token,
    /// Its UserInfo endpoint.
    UserInfo,
    /// The configuration document of a transmitter of security events.
    Transmitter,
}

/// Why a discovery document cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DiscoveryFault {
    /// It names another issuer.
    #[error(
        "its issuer is `{found}`, and `{configured}` is configured; they must be equal byte for byte"
    )]
    Issuer {
        /// The issuer in the document.
        found: String,
        /// The configured one.
        configured: String,
    },
    /// A field is missing or no text.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// An endpoint has an address that may not be called.
    #[error("`{field}` {problem}")]
    Forbidden {
        /// The field.
        field: &'static str,
        /// Why.
        problem: &'static str,
    },
}

/// Why an ID token, or another signed token, is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenFault {
    /// The response has none.
    #[error("the response has no ID token")]
    Missing,
    /// It is no compact JWS of a JSON object, or too large.
    #[error("the token is malformed")]
    Malformed,
    /// `alg` is none of those that are accepted.
    #[error("the token's `alg` is not accepted; RS256, PS256, ES256 and EdDSA are")]
    Algorithm,
    /// It needs an extension (`crit`).
    #[error("the token's header demands an extension with `crit`")]
    Critical,
    /// `typ` is that of another kind of token.
    #[error("the token's `typ` is that of another kind of token")]
    Type,
    /// The provider has no such key.
    #[error("no key of the provider fits the token's `kid` and `alg`")]
    UnknownKey,
    /// The signature is wrong.
    #[error("the token's signature is wrong")]
    Signature,
    /// A claim is missing, of the wrong type, or has the wrong value.
    #[error("the token's `{claim}` {}", if *missing { "is missing" } else { "is wrong" })]
    Claim {
        /// The claim.
        claim: &'static str,
        /// Whether it is missing.
        missing: bool,
    },
    /// It has expired.
    #[error("the token has expired")]
    Expired,
    /// It was issued in the future or too long ago.
    #[error("the token's `iat` is more than 10 minutes away from this machine's clock")]
    IssuedAt,
    /// It is not valid yet.
    #[error("the token's `nbf` is in the future")]
    NotYet,
}

/// An error code of a provider: visible ASCII, at most 64 bytes (RFC 6749, section 5.2). Safe to
/// show, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorCode(String);

/// Why a refresh failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RefreshError {
    /// The provider does not accept the refresh token any more: the person's session there ended, or
    /// they may not sign in.
    #[error("the provider refused the refresh token with `invalid_grant`")]
    InvalidGrant,
    /// Nothing is known: the provider is away, or something else is wrong.
    #[error(transparent)]
    Failed(#[from] ProviderError),
}

impl ProviderError {
    /// What a failed call means.
    #[must_use]
    pub fn of(endpoint: Endpoint, error: HttpError) -> Self {
        if error.is_away() {
            Self::Away { endpoint, error }
        } else {
            Self::Answer { endpoint, error }
        }
    }

    /// Whether the provider has described a person who could not sign in, as opposed to an answer that
    /// says nothing about them.
    #[must_use]
    pub fn is_about_the_person(&self) -> bool {
        match self {
            Self::EmailNotVerified
            | Self::EmailInvalid(_)
            | Self::GroupsLeftOut
            | Self::ClaimsTooLarge { .. } => true,
            Self::Away { .. }
            | Self::Answer { .. }
            | Self::Discovery(_)
            | Self::CallbackIssuer { .. }
            | Self::TokenRefused { .. }
            | Self::IdToken(_)
            | Self::KeysJustFetched
            | Self::UserInfoSubject
            | Self::NotFresh { .. }
            | Self::Client => false,
        }
    }

    /// The kind, for pages, metrics and the audit log.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Away { .. } => "provider_away",
            Self::Answer { .. } => "provider_answer_invalid",
            Self::Discovery(_) => "provider_discovery_invalid",
            Self::CallbackIssuer { .. } => "provider_issuer_mismatch",
            Self::TokenRefused { .. } => "provider_refused",
            Self::IdToken(_) => "id_token_invalid",
            Self::KeysJustFetched => "keys_just_fetched",
            Self::UserInfoSubject => "userinfo_mismatch",
            Self::EmailNotVerified => "email_not_verified",
            Self::EmailInvalid(_) => "email_invalid",
            Self::NotFresh { .. } => "not_fresh",
            Self::GroupsLeftOut => "groups_left_out",
            Self::ClaimsTooLarge { .. } => "claims_too_large",
            Self::Client => "client_failed",
        }
    }
}

impl ErrorCode {
    /// A code as the provider sent it; `invalid_error_code` in place of one that is not of the
    /// allowed form.
    #[must_use]
    pub fn new(code: &str) -> Self {
        let valid = (1..=64).contains(&code.len())
            && code
                .bytes()
                .all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\');
        Self(if valid { code } else { "invalid_error_code" }.to_owned())
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Discovery => "discovery document",
            Self::Jwks => "JWKS",
            Self::Token => "token endpoint",
            Self::UserInfo => "UserInfo endpoint",
            Self::Transmitter => "transmitter configuration",
        })
    }
}
