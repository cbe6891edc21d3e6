//! When a browser came back from the team domain: many times within seconds is a loop, in which
//! every session is lost as soon as it is there.

use std::time::Duration;

use crate::names::RETURNS_COOKIE;
use crate::reply::set_cookie;
use crate::request::{Head, cookies};
use crate::time::UnixSeconds;

/// Returns that are no loop, within [`LOOP_WITHIN`].
const MAX_RETURNS: usize = 5;
const LOOP_WITHIN: Duration = Duration::from_secs(30);

/// The recent returns of a browser, as its cookie has them.
#[derive(Clone)]
pub(super) struct Returns(Vec<UnixSeconds>);

impl Returns {
    /// The recent returns of the browser that sent a request.
    pub fn of(head: Head<'_>, now: UnixSeconds) -> Self {
        let values = cookies::values(head, RETURNS_COOKIE);
        let text = values
            .first()
            .and_then(|value| std::str::from_utf8(value).ok())
            .unwrap_or_default();
        let times = text.split('.').filter_map(|time| time.parse().ok());
        let recent = times
            .map(UnixSeconds::new)
            .filter(|time| time.abs_diff(now) <= LOOP_WITHIN);
        Self(recent.take(MAX_RETURNS).collect())
    }

    /// Whether one more is a loop.
    pub fn are_too_many(&self) -> bool {
        self.0.len() >= MAX_RETURNS
    }

    /// The `set-cookie` value that remembers one more.
    pub fn set_cookie(&self, now: UnixSeconds) -> String {
        let times = self.0.iter().chain([&now]).map(UnixSeconds::to_string);
        let text = times.collect::<Vec<_>>().join(".");
        set_cookie::login(RETURNS_COOKIE, &text, LOOP_WITHIN)
    }
}
