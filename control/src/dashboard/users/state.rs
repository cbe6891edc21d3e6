//! The state of a user, in a word.

use portcullis::time::UnixSeconds;

use crate::storage::ListedUser;

/// The state of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Has a live session.
    In,
    /// Has none.
    Out,
    /// Cannot sign in for this many more seconds.
    Blocked(u64),
    /// Cannot sign in.
    Disabled,
}

impl State {
    /// The state at a moment.
    pub fn of(user: &ListedUser, now: UnixSeconds) -> Self {
        let blocked = user.blocked_until.get().saturating_sub(now.get());
        match user {
            _ if user.disabled => Self::Disabled,
            _ if blocked > 0 => Self::Blocked(blocked),
            _ if user.sessions > 0 => Self::In,
            _ => Self::Out,
        }
    }

    /// The colour of its tag.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::In => "good",
            Self::Out => "",
            Self::Blocked(_) => "warn",
            Self::Disabled => "bad",
        }
    }

    /// Its word.
    pub fn word(&self) -> String {
        match self {
            Self::In => "In".to_owned(),
            Self::Out => "Out".to_owned(),
            Self::Blocked(seconds) => format!("Blocked, {seconds} s"),
            Self::Disabled => "Disabled".to_owned(),
        }
    }
}
