//! A page of the feed that filters follow: keys, applications, revocations.
//!
//! A delta applies only if its `epoch` and its `after` are the follower's epoch and version. A
//! snapshot comes in pages, linked by `next`, and takes effect after the last one.

mod application;
mod revocation;
mod subject;
mod text;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::time::UnixSeconds;

pub use application::{
    ApplicationOrigin, Bypass, BypassFrom, EscapedSlashes, FeedApplication, PathMatch, Preflight,
    RefreshInRequest, Rule, Scheme,
};
pub use revocation::Revocation;
pub use subject::{Scope, Subject, TokenIds, UnknownScope};
pub use text::Text;

/// The most applications and revocations, together, in one page. Followers request far smaller
/// pages; a page is larger only if a version would be split otherwise.
pub const MOST_ITEMS: usize = 100_000;

/// The answer of `GET feed`. A reader of long pages borrows the ids of revocations as [`Text`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeedPage<S = String> {
    /// The epoch of the database: it changes when the database is replaced.
    pub epoch: String,
    /// Whether the page adds to the follower's data or replaces it.
    pub kind: PageKind,
    /// The version on which the page builds; 0 in a snapshot.
    pub after: u64,
    /// The follower's version after it has applied the page.
    pub version: u64,
    /// The opaque name of the next page, if there is one.
    pub next: Option<String>,
    /// The control service's time.
    pub now: UnixSeconds,
    /// Shows that the control service has issued `version` in `epoch`: a follower sends it back with
    /// its position. Absent on later pages of a snapshot, and from older control services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
    /// The whole set of keys; absent if unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<JwkSet>,
    /// Changed applications.
    #[serde(default, skip_serializing_if = "ApplicationChanges::is_empty")]
    pub applications: ApplicationChanges,
    /// Changed revocations.
    #[serde(default, skip_serializing_if = "RevocationChanges::is_empty")]
    pub revocations: RevocationChanges<S>,
}

impl<S> FeedPage<S> {
    /// Whether the page has no content besides its version.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_none() && self.applications.is_empty() && self.revocations.is_empty()
    }
}

/// Kind of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageKind {
    /// Everything in force.
    Snapshot,
    /// What changed since `after`.
    Delta,
}

/// Changed applications.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ApplicationChanges {
    /// New or changed, whole.
    #[serde(default)]
    pub put: Vec<FeedApplication>,
    /// Audiences of those that are gone.
    #[serde(default)]
    pub delete: Vec<String>,
}

impl ApplicationChanges {
    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.put.is_empty() && self.delete.is_empty()
    }
}

/// Changed revocations.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RevocationChanges<S = String> {
    /// New or raised.
    #[serde(default)]
    pub put: Vec<Revocation<S>>,
    /// Those that have ended: every token that they could refuse has expired.
    #[serde(default)]
    pub delete: Vec<Subject<S>>,
}

impl<S> RevocationChanges<S> {
    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.put.is_empty() && self.delete.is_empty()
    }
}

/// A JWK set (RFC 7517, section 5).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JwkSet {
    /// The keys.
    pub keys: Vec<Jwk>,
}

/// A public signature key (RFC 7517, RFC 7518, RFC 8037).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    /// `EC`, `RSA` or `OKP`.
    pub kty: String,
    /// The first 16 characters of the RFC 7638 thumbprint.
    pub kid: String,
    /// `ES256`, `RS256` or `EdDSA`: the only algorithm that the key is good for.
    pub alg: String,
    /// `sig`.
    #[serde(default, rename = "use", skip_serializing_if = "Option::is_none")]
    pub usage: Option<String>,
    /// `P-256` or `Ed25519`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crv: Option<String>,
    /// The x coordinate, or the Ed25519 key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// The y coordinate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    /// The RSA modulus.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    /// The RSA exponent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
    /// The private part, which every private key has under this name.
    #[serde(default, rename = "d", skip_serializing)]
    pub private: Absent,
}

/// A member that must be absent: the page is refused whatever its value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Absent;

impl<'de> Deserialize<'de> for Absent {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(D::Error::custom("a private key"))
    }
}
