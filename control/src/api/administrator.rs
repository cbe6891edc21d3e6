//! Administrators and what they may do.

use std::fmt;

use crate::administration::role::Role;
use crate::audit::{Actor, Initiator};

pub use super::scope::Scope;

/// The caller of an administrative call.
#[derive(Debug, Clone)]
pub enum Administrator {
    /// A caller on the control socket, who may do everything.
    Socket(Initiator),
    /// A person with a role, in the dashboard.
    Person {
        /// The person, and where the request came from.
        initiator: Initiator,
        /// Their role at that moment.
        role: Role,
    },
    /// A caller with an admin token, who may do what its scopes say.
    Token {
        /// The token, and where the call came from.
        initiator: Initiator,
        /// Its scopes.
        scopes: Vec<Scope>,
    },
}

impl Administrator {
    /// Whether they have a scope.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        match self {
            Self::Socket(_) => true,
            Self::Person { role, .. } => role.may(scope),
            Self::Token { scopes, .. } => scopes.contains(&scope),
        }
    }

    /// Who they are, for the audit log.
    #[must_use]
    pub fn initiator(&self) -> &Initiator {
        match self {
            Self::Socket(initiator)
            | Self::Person { initiator, .. }
            | Self::Token { initiator, .. } => initiator,
        }
    }

    /// The same caller with why they act, in their own words, for the audit log.
    #[must_use]
    pub fn noting(mut self, note: &str) -> Self {
        let (Self::Socket(initiator)
        | Self::Person { initiator, .. }
        | Self::Token { initiator, .. }) = &mut self;
        *initiator = initiator.clone().noting(note);
        self
    }
}

impl fmt::Display for Administrator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.initiator().actor {
            Actor::AdminToken { id, .. } => write!(f, "admin token {id}"),
            Actor::User { id, .. } => write!(f, "user {id}"),
            _ => f.write_str("control socket"),
        }
    }
}
