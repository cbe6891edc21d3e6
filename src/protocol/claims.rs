//! Claims of an application token (RFC 7519, and RFC 7800 for `cnf`).

use serde::{Deserialize, Serialize};

use super::base64url;
use crate::time::UnixSeconds;

/// `typ` header of an application token.
pub const APPLICATION_TYP: &str = "app+jwt";
/// `type` claim of an application token.
pub const APPLICATION_TYPE: &str = "app";
/// `typ` header of a global session token.
pub const SESSION_TYP: &str = "org+jwt";
/// `type` claim of a global session token.
pub const SESSION_TYPE: &str = "org";
/// The longest token that either side accepts, in bytes.
pub const MAX_TOKEN_BYTES: usize = 4096;
/// The longest list of groups in a header, in bytes, as [`crate::reply::header_list`] writes it.
pub const MAX_GROUPS_HEADER_BYTES: usize = 1024;
/// The longest list of groups in a token, in bytes of JSON. With it the longest token is shorter than
/// [`MAX_TOKEN_BYTES`].
pub const MAX_GROUPS_CLAIM_BYTES: usize = 1536;

/// The claims of an application token. Versions are versions of the feed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApplicationClaims {
    /// The team domain's origin.
    pub iss: String,
    /// The one audience that the token is for.
    pub aud: Vec<String>,
    /// Always [`APPLICATION_TYPE`].
    #[serde(rename = "type")]
    pub kind: String,
    /// The user's id.
    pub sub: String,
    /// The user's e-mail address.
    pub email: String,
    /// The global session's id.
    pub sid: String,
    /// This token's id.
    pub jti: String,
    /// Issued at.
    pub iat: UnixSeconds,
    /// Not before.
    pub nbf: UnixSeconds,
    /// The application session's end; never later than `session_exp`.
    pub exp: UnixSeconds,
    /// The global session's end.
    pub session_exp: UnixSeconds,
    /// When the user signed in.
    pub auth_time: UnixSeconds,
    /// The version at which session, user and policy were judged.
    pub ver: u64,
    /// The version at which the user signed in.
    pub auth_ver: u64,
    /// Id of the policy rule that admitted the user.
    pub rule: String,
    /// What the token is bound to, if the application binds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
    /// `header` for tokens of scripts and services.
    #[serde(default, rename = "use", skip_serializing_if = "Option::is_none")]
    pub usage: Option<TokenUse>,
    /// Whether every navigation goes through the team domain: the session duration is `0`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub every_navigation: bool,
    /// The person's groups that the application gets to know, as `provider:name`; absent: it forwards
    /// none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<String>>,
    /// Whether `groups` lacks some of them, because not all fit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub groups_truncated: bool,
    /// Claims that the application asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom: Option<serde_json::Map<String, serde_json::Value>>,
}

/// Where a token that is not in a cookie comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenUse {
    /// From a header only: never a cookie, never bound, never refreshed.
    Header,
}

/// The `cnf` claim: the hash of the secret in the binding cookie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// base64url(SHA-256(binding secret)), of the secret's 32 bytes.
    #[serde(rename = "cookie#S256")]
    pub cookie_s256: String,
}

/// Length of a binding secret, in bytes.
pub const BINDING_SECRET_BYTES: usize = 32;

impl Confirmation {
    /// The confirmation of a binding secret in the form of its cookie: 32 bytes in base64url.
    /// `None` for any other text.
    #[must_use]
    pub fn of_cookie(value: &[u8]) -> Option<Self> {
        let secret = base64url::decode(value)?;
        (secret.len() == BINDING_SECRET_BYTES).then(|| Self {
            cookie_s256: base64url::encode(&hmac_sha256::Hash::hash(&secret)),
        })
    }
}
