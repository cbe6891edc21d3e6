//! What somebody sees of a step, in words that the model and the real thing share. Ids are
//! numbers here, in the order in which the control service gave them.

use super::step::{ApplicationNumber, Seconds, SessionNumber, Version};

/// One answer to a browser, or to a client that acts like one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// The application.
    In,
    /// The application, with new cookies.
    Renewed(Given),
    /// A redirect from the filter to the team domain, and why.
    ToTeamDomain(String),
    /// The filter's own answer.
    Filter(u16, String),
    /// The callback let somebody in.
    LetIn(Given),
    /// The sign-in form.
    Form,
    /// The team domain knows somebody from now on.
    SignedIn {
        session: SessionNumber,
        auth_ver: Version,
        ends: Seconds,
    },
    /// The team domain sends the browser back with a code.
    Code,
    /// A page of the team domain.
    TeamDomain(u16),
    /// So many redirects that the browser gives up.
    GivesUp,
}

/// An application token and its cookies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    pub claims: Claims,
    pub http_only: bool,
    /// Whether the binding cookie came too.
    pub binding: bool,
}

/// What an application token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    pub token: usize,
    pub session: SessionNumber,
    pub application: ApplicationNumber,
    pub iat: Seconds,
    pub exp: Seconds,
    pub session_exp: Seconds,
    pub ver: Version,
    pub auth_ver: Version,
    pub every_navigation: bool,
    /// The binding secret that it is bound to.
    pub secret: Option<usize>,
}

impl Seen {
    /// For counting.
    pub fn kind(&self) -> String {
        match self {
            Self::In => "in".to_owned(),
            Self::Renewed(_) => "in, refreshed in the request".to_owned(),
            Self::ToTeamDomain(reason) => format!("to the team domain: {reason}"),
            Self::Filter(status, reason) => format!("filter {status} {reason}"),
            Self::LetIn(_) => "let in by the callback".to_owned(),
            Self::Form => "sign-in form".to_owned(),
            Self::SignedIn { .. } => "signed in by password".to_owned(),
            Self::Code => "sent back with a code".to_owned(),
            Self::GivesUp => "the browser gives up".to_owned(),
            Self::TeamDomain(status) => format!("team domain {status}"),
        }
    }
}
