//! What the host is asked to do with a stream: one thing, once.

use std::time::Duration;

use crate::reply::Reply;
use crate::request::cookies::Cookies;
use crate::session::Verified;

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// On to the origin, changed.
    Continue(Changes),
    /// Answered here.
    Reply(Reply),
    /// Held until woken.
    Pause,
    /// Held until the root has got a new token: calls are due at once.
    Refresh,
    /// Held until the control service has answered.
    Call(Call),
}

/// How a request is changed on its way to the origin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Header names to remove, as sent.
    pub remove: Vec<String>,
    /// The cookie lines that replace those sent; `None` leaves them.
    pub cookies: Option<Cookies>,
    /// Whose session lets the request go on; `None` where nobody was asked.
    pub identity: Option<Verified>,
    /// The `set-cookie` values that the response brings, which nobody may then keep.
    pub set_cookies: Vec<String>,
    /// Whether no application guards the host.
    pub unguarded: bool,
    /// Why the request would have been refused, were this not a dry run.
    pub reported: Option<&'static str>,
}

impl Changes {
    /// The verdict's name, for a counter.
    #[must_use]
    pub fn verdict(&self) -> &'static str {
        match (&self.identity, self.reported) {
            (Some(_), _) => "continue",
            (None, Some(_)) => "report",
            (None, None) if self.unguarded => "pass",
            (None, None) => "bypass",
        }
    }
}

/// A call to the control service.
#[derive(Clone, PartialEq, Eq)]
pub struct Call {
    /// The call's name, such as `exchange`.
    pub name: &'static str,
    /// Its body, in JSON.
    pub body: String,
    /// How long it may take.
    pub timeout: Duration,
}

impl std::fmt::Debug for Call {
    /// The body holds codes and tokens.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The answer to a call.
#[derive(Clone, Copy)]
pub struct CallAnswer<'a> {
    /// The status; `None` if there was no answer.
    pub status: Option<u16>,
    /// The body.
    pub body: &'a [u8],
}

impl CallAnswer<'_> {
    /// No answer.
    #[must_use]
    pub fn none() -> Self {
        Self {
            status: None,
            body: b"",
        }
    }
}
