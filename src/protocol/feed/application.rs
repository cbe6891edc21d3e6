//! An application as filters see it.

use serde::{Deserialize, Serialize};

use crate::protocol::calls::CookieSettings;

/// A protected application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedApplication {
    /// 64 hex digits, `aud` of its tokens.
    pub audience: String,
    /// Its name, for people.
    pub name: String,
    /// The origins and paths where it is reached.
    pub origins: Vec<ApplicationOrigin>,
    /// Whether its tokens are bound to a binding cookie.
    pub binding: bool,
    /// How its cookies are set.
    pub cookie: CookieSettings,
    /// Whether tokens in headers are accepted.
    #[serde(default)]
    pub header_tokens: bool,
    /// When an expired session is refreshed inside the request.
    #[serde(default)]
    pub refresh_in_request: RefreshInRequest,
    /// What a preflight gets.
    #[serde(default)]
    pub preflight: Preflight,
    /// Origins that may read the filter's replies across origins.
    #[serde(default)]
    pub cors_origins: Vec<String>,
    /// Whether headers that replace path or host reach it.
    #[serde(default)]
    pub keep_override_headers: bool,
    /// What becomes of paths with escaped slashes.
    #[serde(default)]
    pub escaped_slashes: EscapedSlashes,
    /// What passes without a session.
    #[serde(default)]
    pub bypass: Vec<Bypass>,
    /// What passes without a session from certain addresses. Filters that do not know it ask for a
    /// session.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bypass_from: Vec<BypassFrom>,
    /// The parts of the policy's rules that a filter checks.
    #[serde(default)]
    pub rules: Vec<Rule>,
}

/// Where an application is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplicationOrigin {
    /// `https` unless the application was registered with `http` (for a first try on localhost).
    #[serde(default, skip_serializing_if = "Scheme::is_https")]
    pub scheme: Scheme,
    /// Lower-case, without trailing dot. `*.` before a domain stands for every hostname one label
    /// below it; filters that do not know it reject the page.
    pub hostname: String,
    /// Absent for the scheme's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Absent for the whole host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_prefix: Option<String>,
}

/// The scheme of an origin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// TLS.
    #[default]
    Https,
    /// Without TLS, on this machine only.
    Http,
}

impl Scheme {
    fn is_https(&self) -> bool {
        *self == Self::Https
    }
}

/// When an expired session is refreshed inside the request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefreshInRequest {
    /// If the token is bound and its binding cookie matches.
    #[default]
    WithBinding,
    /// Also for tokens without binding.
    Always,
    /// Not at all.
    Never,
}

/// What a CORS preflight gets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preflight {
    /// 403.
    #[default]
    Deny,
    /// To the origin, without body and identity.
    Origin,
    /// Answered by the filter from `cors_origins`.
    Answer,
}

/// What becomes of a path with an escaped slash or backslash: `%2F`, `%5C`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EscapedSlashes {
    /// 400.
    #[default]
    Refuse,
    /// To the origin, where the application has a hostname for itself and no bypass.
    Keep,
}

/// A path that passes without a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bypass {
    /// The path, beginning with `/`.
    pub path: String,
    /// Whether the whole path or its first segments must be equal.
    #[serde(rename = "match")]
    pub matching: PathMatch,
    /// The methods that pass; absent for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub methods: Option<Vec<String>>,
}

/// A path that passes without a session from certain addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BypassFrom {
    /// Path and methods.
    #[serde(flatten)]
    pub target: Bypass,
    /// The addresses, in CIDR notation.
    pub source_ranges: Vec<String>,
}

/// How a path is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PathMatch {
    /// Equal.
    Exact,
    /// Equal in the first whole segments.
    Prefix,
}

/// The part of a policy rule that a filter checks on every request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Its id, in the token's `rule`.
    pub id: String,
    /// The source addresses that it admits, in CIDR notation; absent for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_ranges: Option<Vec<String>>,
}
