//! Who did something, and from where.

use super::source::Source;
use super::text::cut;
use crate::system::os_user;

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A user, by id and e-mail address.
    User {
        /// `sub`.
        id: String,
        /// The address.
        email: String,
    },
    /// A program with an admin token.
    AdminToken {
        /// The token's id.
        id: String,
        /// What an administrator calls it.
        name: String,
    },
    /// A program with a service token.
    ServiceToken {
        /// The service token's id.
        id: String,
        /// Its name.
        name: String,
    },
    /// The command line, on the machine where the service runs.
    CommandLine {
        /// The id of the operating system's user.
        user_id: Option<u32>,
        /// The name of that user.
        user_name: Option<String>,
    },
    /// An identity provider, by its configured id.
    Provider(String),
    /// A filter, by the id of its credential, where no user is known.
    Filter(String),
    /// The service itself, and the part of it.
    System(&'static str),
    /// Somebody who has not proved to be anybody.
    Unknown,
}

impl Actor {
    /// The command line of a user of the operating system.
    #[must_use]
    pub fn command_line(user_id: Option<u32>) -> Self {
        Self::CommandLine {
            user_id,
            user_name: user_id.and_then(os_user::name_of),
        }
    }
}

/// An actor, and where the request came from that made them act.
#[derive(Debug, Clone)]
pub struct Initiator {
    /// Who acts.
    pub actor: Actor,
    /// From where.
    pub source: Source,
    /// Why, in their own words; empty if they do not say.
    pub note: String,
}

impl Actor {
    /// What kind of actor it is.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::User { .. } => "user",
            Self::AdminToken { .. } => "admin_token",
            Self::ServiceToken { .. } => "service_token",
            Self::CommandLine { .. } => "cli",
            Self::Provider(_) => "provider",
            Self::Filter(_) => "filter",
            Self::System(_) => "system",
            Self::Unknown => "unknown",
        }
    }

    /// Its id; may be empty.
    #[must_use]
    pub fn id(&self) -> String {
        match self {
            Self::User { id, .. } | Self::AdminToken { id, .. } | Self::ServiceToken { id, .. } => {
                id.clone()
            }
            Self::CommandLine { user_id, .. } => {
                user_id.map_or_else(String::new, |id| id.to_string())
            }
            Self::Provider(id) | Self::Filter(id) => id.clone(),
            Self::System(part) => (*part).to_owned(),
            Self::Unknown => String::new(),
        }
    }

    /// Its name; may be empty.
    #[must_use]
    pub fn name(&self) -> String {
        cut(match self {
            Self::User { email, .. } => email.clone(),
            Self::AdminToken { name, .. } | Self::ServiceToken { name, .. } => name.clone(),
            Self::CommandLine { user_name, .. } => user_name.clone().unwrap_or_default(),
            Self::Provider(_) | Self::Filter(_) | Self::System(_) | Self::Unknown => String::new(),
        })
    }
}

impl Source {
    /// With who acts.
    #[must_use]
    pub fn by(self, actor: Actor) -> Initiator {
        Initiator {
            actor,
            source: self,
            note: String::new(),
        }
    }
}

impl From<Actor> for Initiator {
    /// Without a request.
    fn from(actor: Actor) -> Self {
        Self {
            actor,
            source: Source::default(),
            note: String::new(),
        }
    }
}

impl Initiator {
    /// With why they act, in their own words. Long texts are cut.
    #[must_use]
    pub fn noting(mut self, note: &str) -> Self {
        self.note = cut(note.trim().to_owned());
        self
    }

    /// A part of the service itself.
    #[must_use]
    pub fn system(part: &'static str) -> Self {
        Actor::System(part).into()
    }
}
