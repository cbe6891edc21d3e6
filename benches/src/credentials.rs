//! What requests of the bench carry: tokens with the claims that the control service gives, binding
//! secrets, and cookies as a browser sends them.

#![expect(
    clippy::disallowed_methods,
    reason = "a token is good now, and the bench is no event that could bring the time"
)]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use portcullis::names::{BINDING_COOKIE, TOKEN_COOKIE};
use portcullis::protocol::base64url;
use portcullis::protocol::claims::{
    APPLICATION_TYP, APPLICATION_TYPE, ApplicationClaims, Confirmation,
};
use portcullis::reply::header_list;
use portcullis::time::UnixSeconds;

use crate::feed_server::{APPLIED_VERSION, revoked_user};
use crate::keys::SigningKey;

/// Who issues the tokens.
pub const TEAM_DOMAIN: &str = "https://team.example.com";
/// The application's hostname.
pub const HOST: &str = "wiki.example.com";
/// The application's audience.
pub const AUDIENCE: &str = "5f1c0a9e3b7d2486ca5f1c0a9e3b7d2486ca5f1c0a9e3b7d2486ca5f1c0a9e3b";
/// The policy rule that admitted every user.
pub const RULE: &str = "Jq3vX8mZ1kTgR5wYb2cNdA";
/// Another one, which admits nobody from here where rules ask for networks.
pub const RULE_ELSEWHERE: &str = "Xw7rT2nB9cKfM4sVe6hQzA";
/// The groups of a user where the application gets to know them.
pub const GROUPS: [&str; 6] = [
    "corp:engineering",
    "corp:engineering-platform",
    "corp:on-call",
    "corp:staff",
    "corp:wiki-editors",
    "corp:wiki-readers",
];
/// What an application may have set itself; it must arrive unharmed.
pub const OTHER_COOKIES: [&str; 3] = [
    "theme=dark",
    "_session_id=8f14e45fceea167a5a36dedd4bea2543",
    "consent=v2|2026-01-04|necessary%2Cstatistics",
];

/// The user of every good token.
const USER: &str = "aZ0bY1cX2dW3eV4fU5gT6h";
const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

/// Who sends a request.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// The application token.
    pub token: String,
    /// The binding secret.
    pub binding: String,
    /// The header with the user's groups, where the application gets to know them.
    pub groups: Option<String>,
}

impl Visitor {
    /// A good one; each number is another session.
    ///
    /// # Errors
    /// When the token cannot be signed.
    pub fn good(key: &SigningKey, number: usize) -> Result<Self> {
        Self::with(key, number, |_| {})
    }

    /// One whose user every non-empty feed of the bench revokes.
    ///
    /// # Errors
    /// As [`Self::good`].
    pub fn revoked(key: &SigningKey) -> Result<Self> {
        Self::with(key, 0, |claims| {
            claims.sub = revoked_user(0);
            claims.ver = 0;
        })
    }

    /// A good one, whose groups the application gets to know.
    ///
    /// # Errors
    /// As [`Self::good`].
    pub fn with_groups(key: &SigningKey) -> Result<Self> {
        let groups = GROUPS.map(str::to_owned).to_vec();
        Self::with(key, 0, |claims| claims.groups = Some(groups))
    }

    /// One whom the policy admits, but not from here where its rules ask for networks.
    ///
    /// # Errors
    /// As [`Self::good`].
    pub fn elsewhere(key: &SigningKey) -> Result<Self> {
        Self::with(key, 0, |claims| claims.rule = RULE_ELSEWHERE.to_owned())
    }

    fn with(
        key: &SigningKey,
        number: usize,
        change: impl FnOnce(&mut ApplicationClaims),
    ) -> Result<Self> {
        let binding = base64url::encode(&[u8::try_from(number % 251)?; 32]);
        let mut claims = claims(number, &binding)?;
        change(&mut claims);
        let token = key.token(APPLICATION_TYP, &claims)?;
        Ok(Self {
            token,
            binding,
            groups: claims.groups.as_deref().map(header_list),
        })
    }

    /// The same visitor with one character of the signature changed.
    pub fn forged(&self) -> Self {
        let (signed, signature) = self.token.rsplit_once('.').unwrap_or_default();
        let other = if signature.starts_with('A') { 'B' } else { 'A' };
        let rest: String = signature.chars().skip(1).collect();
        Self {
            token: format!("{signed}.{other}{rest}"),
            ..self.clone()
        }
    }

    /// The same token without the browser that it belongs to.
    pub fn thief(&self) -> Self {
        Self {
            binding: base64url::encode(&[255; 32]),
            ..self.clone()
        }
    }

    /// The cookie header, ours in the midst of others.
    pub fn cookies(&self) -> String {
        let [first, second, third] = OTHER_COOKIES;
        let Self { token, binding, .. } = self;
        format!("{first}; {TOKEN_COOKIE}={token}; {second}; {BINDING_COOKIE}={binding}; {third}")
    }
}

/// The user's address, and id, as the origin is told.
pub fn identity() -> (String, String) {
    ("ana.example@example.com".to_owned(), USER.to_owned())
}

fn claims(number: usize, binding: &str) -> Result<ApplicationClaims> {
    let now = now()?;
    let (email, sub) = identity();
    Ok(ApplicationClaims {
        iss: TEAM_DOMAIN.to_owned(),
        aud: vec![AUDIENCE.to_owned()],
        kind: APPLICATION_TYPE.to_owned(),
        sub,
        email,
        sid: format!("s{number:021}"),
        jti: format!("j{number:021}"),
        iat: now,
        nbf: now,
        exp: now + Duration::from_secs(DAY),
        session_exp: now + Duration::from_secs(DAY),
        auth_time: now,
        ver: APPLIED_VERSION,
        auth_ver: APPLIED_VERSION,
        rule: RULE.to_owned(),
        cnf: Confirmation::of_cookie(binding.as_bytes()),
        usage: None,
        every_navigation: false,
        groups: None,
        groups_truncated: false,
        custom: None,
    })
}

/// Seconds since 1970.
pub fn now() -> Result<UnixSeconds> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let since = since.context("the clock is before 1970")?;
    Ok(UnixSeconds::new(since.as_secs()))
}
