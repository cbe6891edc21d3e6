//! Pages of settings: keys, secrets of programs, sessions, providers, and what this
//! service is.

pub mod about;
pub mod access_groups;
pub mod admin_tokens;
pub mod filter_credentials;
pub mod keys;
mod pages;
pub mod providers;
pub mod service_tokens;
pub mod sessions;
pub mod try_provider;

pub(super) use pages::pages;

use std::time::Duration;

use portcullis::time::UnixSeconds;

use crate::team_domain::page::time::ShownTime;

/// How long before its end a secret says so.
pub(super) const SOON: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// When something ends.
struct End {
    at: ShownTime,
    /// `ended`, `ends soon`, or nothing.
    word: &'static str,
    tag: &'static str,
}

impl End {
    fn of(at: UnixSeconds, now: UnixSeconds) -> Self {
        let (tag, word) = if at <= now {
            ("bad", "ended")
        } else if at <= now + SOON {
            ("warn", "ends soon")
        } else {
            ("", "")
        };
        Self {
            at: ShownTime::at(at),
            word,
            tag,
        }
    }
}

/// A moment that may not have come.
fn shown(moment: Option<UnixSeconds>) -> Option<ShownTime> {
    moment.map(ShownTime::at)
}
