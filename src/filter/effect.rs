//! What the host is asked to do with a stream: one thing, once.

use std::time::Duration;

use super::identity::IDENTITY_HEADERS;
use crate::reply::Reply;
use crate::request::cookies::Cookies;
use crate::session::Verified;

/// How many streams the host resumes or ends in one callback: it runs the effects on other
/// streams nested in that callback.
pub const MAX_EFFECTS: usize = 32;

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// It continues to the origin, changed.
    Continue(Changes),
    /// It is answered here.
    Reply(Reply),
    /// It is held until it is woken.
    Pause,
    /// It is held until a call of the root has ended: calls are due at once.
    AwaitRoot,
    /// It is held until the control service has answered.
    Call(Call),
}

/// How a request is changed on its way to the origin, and its response on the way back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Header names to remove, as sent.
    pub remove: Vec<String>,
    /// The cookie lines that replace those sent; `None` leaves them.
    pub cookies: Option<Cookies>,
    /// Whether `connection` is to say `upgrade`, and nothing else.
    pub only_upgrades: bool,
    /// Whose session lets the request continue; `None` if no session was asked for.
    pub identity: Option<Verified>,
    /// How the response is changed.
    pub response: ResponseChanges,
    /// Whether no application has the host.
    pub unguarded: bool,
    /// Why the request would have been refused, were this not a dry run.
    pub reported: Option<&'static str>,
}

/// How a response is changed on its way to the client.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResponseChanges {
    /// Values of new `set-cookie` headers. A response that gets one is never cached.
    pub set_cookies: Vec<String>,
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

/// The answer to a call.
#[derive(Clone, Copy)]
pub struct CallAnswer<'a> {
    /// The status; `None` if there was no answer.
    pub status: Option<u16>,
    /// The body.
    pub body: &'a [u8],
}

impl Effect {
    /// What a request gets when the filter itself fails: it never reaches the origin.
    #[must_use]
    pub fn internal_error() -> Self {
        Self::Reply(Reply::empty(503, "internal"))
    }
}

impl Changes {
    /// Headers to add after [`Self::remove`]: names and values.
    pub fn add(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let of = |session| {
            let headers = IDENTITY_HEADERS.iter();
            headers.filter_map(move |header| Some((header.name, (header.value)(session)?)))
        };
        self.identity.iter().flat_map(of)
    }

    /// Filter state for Envoy's access log: names and values.
    pub fn filter_state(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let of = |session| {
            let headers = IDENTITY_HEADERS.iter();
            headers.filter_map(move |header| Some((header.filter_state?, (header.value)(session)?)))
        };
        let identity = self.identity.iter().flat_map(of);
        let reported = self.reported.map(|reason| ("access.reported", reason));
        reported.into_iter().chain(identity)
    }

    /// The name under which the effect is counted.
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

impl ResponseChanges {
    /// Whether the response stays as it is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.set_cookies.is_empty()
    }

    /// Headers to remove: what browsers and caches near the origin obey before a
    /// `cache-control` that is added (RFC 9213).
    #[must_use]
    pub fn remove(&self) -> &'static [&'static str] {
        if self.is_empty() {
            return &[];
        }
        &[
            "cache-control",
            "cdn-cache-control",
            "surrogate-control",
            "expires",
        ]
    }

    /// Headers to add after [`Self::remove`]: names and values.
    pub fn add(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let cookies = self.set_cookies.iter();
        let no_store = (!self.is_empty()).then_some(("cache-control", "no-store"));
        cookies
            .map(|cookie| ("set-cookie", cookie.as_str()))
            .chain(no_store)
    }
}

impl std::fmt::Debug for Call {
    /// Leaves out the body: it holds codes and tokens.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_with_a_new_cookie_is_not_cached() {
        let changes = ResponseChanges {
            set_cookies: vec!["a=1".into(), "b=2".into()],
        };
        let added: Vec<_> = changes.add().collect();
        let expected = [
            ("set-cookie", "a=1"),
            ("set-cookie", "b=2"),
            ("cache-control", "no-store"),
        ];
        assert_eq!(added, expected);
        for name in [
            "cache-control",
            "cdn-cache-control",
            "surrogate-control",
            "expires",
        ] {
            assert!(changes.remove().contains(&name), "{name}");
        }
        let none = ResponseChanges::default();
        assert!(none.is_empty() && none.remove().is_empty() && none.add().next().is_none());
    }
}
