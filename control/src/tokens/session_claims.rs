//! Claims of a global session token. Those of an application token are shared with the filter:
//! [`portcullis::protocol::claims`].

use portcullis::protocol::claims::SESSION_TYPE;
use portcullis::time::UnixSeconds;
use serde::{Deserialize, Serialize};

use crate::storage::Session;

/// The claims of a global session token. They never suffice alone: the session's row is read each
/// time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionClaims {
    /// The team domain's origin.
    pub iss: String,
    /// Only the team domain's origin.
    pub aud: Vec<String>,
    /// Always [`SESSION_TYPE`].
    #[serde(rename = "type")]
    pub kind: String,
    /// The user's id.
    pub sub: String,
    /// The user's e-mail address.
    pub email: String,
    /// The global session's id.
    pub sid: String,
    /// Issued at.
    pub iat: UnixSeconds,
    /// Not before.
    pub nbf: UnixSeconds,
    /// When the global session ends.
    pub exp: UnixSeconds,
    /// When the user signed in.
    pub auth_time: UnixSeconds,
    /// The feed's version at that time.
    pub auth_ver: u64,
}

impl SessionClaims {
    /// The claims for a session that has just begun.
    #[must_use]
    pub fn of(session: &Session, team_domain: &str) -> Self {
        Self {
            iss: team_domain.to_owned(),
            aud: vec![team_domain.to_owned()],
            kind: SESSION_TYPE.to_owned(),
            sub: session.user_id.clone(),
            email: session.email.clone(),
            sid: session.id.clone(),
            iat: session.auth_time,
            nbf: session.auth_time,
            exp: session.expires_at,
            auth_time: session.auth_time,
            auth_ver: session.auth_ver,
        }
    }

    /// Whether the token is for the team domain and has not expired.
    #[must_use]
    pub fn are_valid(&self, team_domain: &str, now: UnixSeconds) -> bool {
        self.kind == SESSION_TYPE
            && self.iss == team_domain
            && self.aud.iter().map(String::as_str).eq([team_domain])
            && self.exp > now
    }
}
