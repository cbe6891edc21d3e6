//! Administrators and what they may do.

use std::fmt;
use std::str::FromStr;

use crate::audit::{Actor, Initiator};

/// The caller of an administrative call.
#[derive(Debug, Clone)]
pub enum Administrator {
    /// A caller on the control socket, who may do everything.
    Socket(Initiator),
    /// A caller with an admin token, who may do what its scopes say.
    Token {
        /// The token, and where the call came from.
        initiator: Initiator,
        /// Its scopes.
        scopes: Vec<Scope>,
    },
}

/// What an admin token allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// List global sessions.
    SessionsRead,
    /// End a global session.
    SessionsRevoke,
    /// List users.
    UsersRead,
    /// End all sessions of a user.
    UsersRevoke,
    /// Disable, enable and remove users who are no administrators, and set their passwords.
    UsersWrite,
    /// List applications and access groups.
    ApplicationsRead,
    /// End all sessions at an application.
    ApplicationsRevoke,
    /// Remove an application; set and delete access groups, and so decide who is admitted.
    ApplicationsWrite,
    /// List filter credentials, service tokens and admin tokens.
    CredentialsRead,
    /// Make and enable service tokens, and replace their secrets.
    CredentialsWrite,
    /// Revoke filter credentials and admin tokens, disable and delete service tokens.
    CredentialsRevoke,
    /// List signing keys.
    KeysRead,
    /// Replace the signing key.
    KeysRotate,
    /// Refuse a signing key.
    KeysRefuse,
    /// Read the audit log.
    AuditRead,
}

/// No scope has this name.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("is not a scope; the scopes are {}", Scope::ALL.map(Scope::name).join(", "))]
pub struct UnknownScope;

impl Administrator {
    /// Whether they have a scope.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        match self {
            Self::Socket(_) => true,
            Self::Token { scopes, .. } => scopes.contains(&scope),
        }
    }

    /// Who they are, for the audit log.
    #[must_use]
    pub fn initiator(&self) -> &Initiator {
        match self {
            Self::Socket(initiator) | Self::Token { initiator, .. } => initiator,
        }
    }
}

impl fmt::Display for Administrator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.initiator().actor {
            Actor::AdminToken { id, .. } => write!(f, "admin token {id}"),
            _ => f.write_str("control socket"),
        }
    }
}

impl Scope {
    const ALL: [Self; 15] = [
        Self::SessionsRead,
        Self::SessionsRevoke,
        Self::UsersRead,
        Self::UsersRevoke,
        Self::UsersWrite,
        Self::ApplicationsRead,
        Self::ApplicationsRevoke,
        Self::ApplicationsWrite,
        Self::CredentialsRead,
        Self::CredentialsWrite,
        Self::CredentialsRevoke,
        Self::KeysRead,
        Self::KeysRotate,
        Self::KeysRefuse,
        Self::AuditRead,
    ];

    /// Its name, in lists and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SessionsRead => "sessions:read",
            Self::SessionsRevoke => "sessions:revoke",
            Self::UsersRead => "users:read",
            Self::UsersRevoke => "users:revoke",
            Self::UsersWrite => "users:write",
            Self::ApplicationsRead => "applications:read",
            Self::ApplicationsRevoke => "applications:revoke",
            Self::ApplicationsWrite => "applications:write",
            Self::CredentialsRead => "credentials:read",
            Self::CredentialsWrite => "credentials:write",
            Self::CredentialsRevoke => "credentials:revoke",
            Self::KeysRead => "keys:read",
            Self::KeysRotate => "keys:rotate",
            Self::KeysRefuse => "keys:refuse",
            Self::AuditRead => "audit:read",
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
