//! Durations of sessions and tokens, as people write them: `15m`, `24h`, `7d`, `1h 30m`. A session
//! duration may be `0`, which means that an earlier sign-in admits nobody.

use std::time::Duration;

use portcullis::duration::parse_combined_duration;

use crate::problems::InputProblems;

/// The longest session, 30 days. No revocation matters for longer.
pub const LONGEST_SESSION: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How long a session with duration `0` lasts: long enough to return from the team domain and load
/// a page.
pub const MOMENT: Duration = Duration::from_secs(60);
const SHORTEST_SESSION: Duration = Duration::from_secs(15 * 60);
const SHORTEST_IN_DEMO: Duration = Duration::from_secs(1);
const SHORTEST_ADMIN_TOKEN: Duration = Duration::from_secs(60);
const LONGEST_ADMIN_TOKEN: Duration = Duration::from_secs(366 * 24 * 60 * 60);
const SHORTEST_SERVICE_TOKEN: Duration = Duration::from_secs(60 * 60);
const LONGEST_SERVICE_TOKEN: Duration = Duration::from_secs(10 * 366 * 24 * 60 * 60);
const SHORTEST_GRACE: Duration = Duration::from_secs(60 * 60);
const LONGEST_GRACE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
const SHORTEST_ROTATION: Duration = Duration::from_secs(7 * 24 * 60 * 60);
const LONGEST_ROTATION: Duration = Duration::from_secs(366 * 24 * 60 * 60);
const SHORTEST_RETENTION: Duration = Duration::from_secs(24 * 60 * 60);
const LONGEST_RETENTION: Duration = Duration::from_secs(10 * 366 * 24 * 60 * 60);
const LONGEST_BLOCK: Duration = Duration::from_secs(60 * 60);
const SHORTEST_RECHECK: Duration = Duration::from_secs(5 * 60);
const LONGEST_RECHECK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Which durations a setting accepts.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    or_zero: bool,
    shortest: Duration,
    longest: Duration,
}

impl Bounds {
    /// For sessions. A demo may have very short ones, to show how they end.
    #[must_use]
    pub fn of_sessions(demo: bool) -> Self {
        Self {
            or_zero: true,
            shortest: if demo {
                SHORTEST_IN_DEMO
            } else {
                SHORTEST_SESSION
            },
            longest: LONGEST_SESSION,
        }
    }

    /// For the block of sign-ins after a revocation; `0s` disables it.
    #[must_use]
    pub fn of_block() -> Self {
        Self {
            or_zero: false,
            shortest: Duration::ZERO,
            longest: LONGEST_BLOCK,
        }
    }

    /// For admin tokens: at most a year, so that a forgotten one expires by itself.
    #[must_use]
    pub fn of_admin_tokens() -> Self {
        Self {
            or_zero: false,
            shortest: SHORTEST_ADMIN_TOKEN,
            longest: LONGEST_ADMIN_TOKEN,
        }
    }

    /// For service tokens.
    #[must_use]
    pub fn of_service_tokens() -> Self {
        Self {
            or_zero: false,
            shortest: SHORTEST_SERVICE_TOKEN,
            longest: LONGEST_SERVICE_TOKEN,
        }
    }

    /// For the time in which the secret of a service token is good after it was replaced.
    #[must_use]
    pub fn of_grace() -> Self {
        Self {
            or_zero: false,
            shortest: SHORTEST_GRACE,
            longest: LONGEST_GRACE,
        }
    }

    /// For the time between two rotations of the signing key; `0` disables them. Each old key is
    /// accepted for a month, so more frequent ones would leave many.
    #[must_use]
    pub fn of_rotation() -> Self {
        Self {
            or_zero: true,
            shortest: SHORTEST_ROTATION,
            longest: LONGEST_ROTATION,
        }
    }

    /// For the time between two checks of a session with its identity provider.
    #[must_use]
    pub fn of_recheck(demo: bool) -> Self {
        Self {
            or_zero: false,
            shortest: if demo {
                SHORTEST_IN_DEMO
            } else {
                SHORTEST_RECHECK
            },
            longest: LONGEST_RECHECK,
        }
    }

    /// For how long the audit log keeps events; `0` keeps them for ever.
    #[must_use]
    pub fn of_audit() -> Self {
        Self {
            or_zero: true,
            shortest: SHORTEST_RETENTION,
            longest: LONGEST_RETENTION,
        }
    }

    /// The duration in `text`, if it is within the bounds; otherwise a problem is noted.
    pub fn parse(self, path: &str, text: &str, problems: &mut InputProblems) -> Option<Duration> {
        match parse(text) {
            Some(duration) if duration.subsec_nanos() != 0 => {
                problems.add(path, text, "must be whole seconds");
                None
            }
            Some(duration) if !self.contain(duration) => {
                let message = format!(
                    "must be {}between {} and {}",
                    if self.or_zero { "0 or " } else { "" },
                    to_text(self.shortest),
                    to_text(self.longest)
                );
                problems.add(path, text, message);
                None
            }
            Some(duration) => Some(duration),
            None => {
                problems.add(
                    path,
                    text,
                    "is not a duration; write for example 15m, 24h or 7d",
                );
                None
            }
        }
    }

    fn contain(self, duration: Duration) -> bool {
        (self.shortest..=self.longest).contains(&duration) || (self.or_zero && duration.is_zero())
    }
}

/// Only `0` needs no unit.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    if text == "0" {
        Some(Duration::ZERO)
    } else {
        parse_combined_duration(text)
    }
}

/// Whole seconds as text: `30d`, `24h`, `1h 30m`. One day is written as `24h`.
#[must_use]
pub fn to_text(duration: Duration) -> String {
    const DAY_SECONDS: u64 = 86_400;
    let (days, seconds) = match duration.as_secs() {
        seconds if seconds >= 2 * DAY_SECONDS => (seconds / DAY_SECONDS, seconds % DAY_SECONDS),
        seconds => (0, seconds),
    };
    let parts = [
        (days, "d"),
        (seconds / 3600, "h"),
        (seconds % 3600 / 60, "m"),
        (seconds % 60, "s"),
    ];
    let text: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    if text.is_empty() {
        "0s".to_owned()
    } else {
        text.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_hold() {
        for (text, demo, good) in [
            ("15m", false, true),
            ("30d", false, true),
            ("14m", false, false),
            ("31d", false, false),
            ("5s", true, true),
            ("0s", false, true),
            ("0", false, true),
            ("0", true, true),
            ("-0", false, false),
            ("00h", false, true),
            ("1s", false, false),
            ("1500ms", true, false),
            ("24", false, false),
            ("", false, false),
            ("-1h", false, false),
            ("a day", false, false),
        ] {
            let mut problems = InputProblems::default();
            let parsed = Bounds::of_sessions(demo).parse("d", text, &mut problems);
            assert_eq!(parsed.is_some(), good, "{text}");
            assert_eq!(problems.finish().is_ok(), good, "{text}");
        }
    }

    #[test]
    fn a_block_may_be_disabled() {
        for (text, good) in [("0s", true), ("0", true), ("1s", true), ("2h", false)] {
            let mut problems = InputProblems::default();
            Bounds::of_block().parse("d", text, &mut problems);
            assert_eq!(problems.finish().is_ok(), good, "{text}");
        }
    }

    #[test]
    fn text_round_trips() {
        for text in ["24h", "1h 30m", "45s", "30d", "2d 1h", "0s"] {
            assert_eq!(to_text(parse(text).unwrap()), text);
        }
    }
}
