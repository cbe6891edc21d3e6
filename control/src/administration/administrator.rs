//! Who administers, and what they may do.

use std::fmt;
use std::str::FromStr;

/// Somebody who may administer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Administrator {
    /// Whoever may open the control socket: may do everything.
    Socket,
    /// Whoever has an admin token: may do what its scopes say.
    Token {
        /// The token's id.
        id: String,
        /// What it is good for.
        scopes: Vec<Scope>,
    },
}

/// What an admin token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// To list global sessions.
    SessionsRead,
    /// To end one.
    SessionsRevoke,
    /// To list users.
    UsersRead,
    /// To end all sessions of one.
    UsersRevoke,
    /// To list applications.
    ApplicationsRead,
    /// To end all sessions at one.
    ApplicationsRevoke,
}

/// There is no such scope.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("is no scope; there are {}", Scope::ALL.map(Scope::name).join(", "))]
pub struct UnknownScope;

impl Administrator {
    /// Whether a scope is theirs.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        match self {
            Self::Socket => true,
            Self::Token { scopes, .. } => scopes.contains(&scope),
        }
    }
}

impl fmt::Display for Administrator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket => f.write_str("control socket"),
            Self::Token { id, .. } => write!(f, "admin token {id}"),
        }
    }
}

impl Scope {
    const ALL: [Self; 6] = [
        Self::SessionsRead,
        Self::SessionsRevoke,
        Self::UsersRead,
        Self::UsersRevoke,
        Self::ApplicationsRead,
        Self::ApplicationsRevoke,
    ];

    /// As people write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SessionsRead => "sessions:read",
            Self::SessionsRevoke => "sessions:revoke",
            Self::UsersRead => "users:read",
            Self::UsersRevoke => "users:revoke",
            Self::ApplicationsRead => "applications:read",
            Self::ApplicationsRevoke => "applications:revoke",
        }
    }
}

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        let mut all = Self::ALL.into_iter();
        all.find(|scope| scope.name() == text).ok_or(UnknownScope)
    }
}
