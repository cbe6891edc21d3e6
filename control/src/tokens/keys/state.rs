//! The life of a signing key, and when it goes on.
//!
//! A key is published first and signs later, so that every filter knows it when the first token
//! arrives. The key that signed before is accepted until its last token has expired. A refused key
//! is known by its id only, so that it never returns.

use std::time::Duration;

use portcullis::time::UnixSeconds;

/// How long a key is published before it signs: as long as `/.well-known/jwks.json` may be cached.
pub const PUBLISHED_FOR: Duration = Duration::from_secs(60);
/// How long a published key waits for proxies that have not applied it. A proxy that is gone for
/// good must not stop rotation. One that has not polled for so long gets the key with its next
/// poll, before it needs it: without the control service it admits nobody new anyway.
pub const WAITS_FOR_PROXIES: Duration = Duration::from_secs(10 * 60);

/// The state of a signing key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// In the feed, but it does not sign yet.
    Published {
        /// When it was published.
        since: UnixSeconds,
        /// The feed's version that published it.
        version: u64,
    },
    /// It signs every new token.
    Signing {
        /// When it began to sign.
        since: UnixSeconds,
    },
    /// It signs no more. Its tokens are still accepted.
    Accepted {
        /// When it ceased to sign.
        since: UnixSeconds,
        /// When its last token has expired.
        until: UnixSeconds,
    },
    /// Its tokens are refused.
    Refused {
        /// When it was refused.
        since: UnixSeconds,
        /// The feed's version that refused it.
        version: u64,
    },
}

impl KeyState {
    /// Its name, as people see it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Published { .. } => "published",
            Self::Signing { .. } => "signing",
            Self::Accepted { .. } => "accepted",
            Self::Refused { .. } => "refused",
        }
    }

    /// When the state began.
    #[must_use]
    pub fn since(self) -> UnixSeconds {
        match self {
            Self::Published { since, .. }
            | Self::Signing { since }
            | Self::Accepted { since, .. }
            | Self::Refused { since, .. } => since,
        }
    }

    /// Whether filters and this service verify tokens with the key.
    #[must_use]
    pub fn is_in_force(self) -> bool {
        match self {
            Self::Published { .. } | Self::Signing { .. } | Self::Accepted { .. } => true,
            Self::Refused { .. } => false,
        }
    }
}

/// What a published key waits for before it signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// Nothing: it may sign.
    Ready,
    /// It must be in the feed for longer.
    TooNew,
    /// Every proxy must have applied it.
    WhenApplied,
}

/// What a key that was published at `since` waits for.
#[must_use]
pub fn readiness(since: UnixSeconds, now: UnixSeconds) -> Readiness {
    if now < since + PUBLISHED_FOR {
        Readiness::TooNew
    } else if now < since + WAITS_FOR_PROXIES {
        Readiness::WhenApplied
    } else {
        Readiness::Ready
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b16_a_key_signs_after_a_minute_when_applied_and_after_ten_in_any_case() {
        let since = UnixSeconds::new(1_000);
        for (after, expected) in [
            (0, Readiness::TooNew),
            (59, Readiness::TooNew),
            (60, Readiness::WhenApplied),
            (599, Readiness::WhenApplied),
            (600, Readiness::Ready),
        ] {
            let now = since + Duration::from_secs(after);
            assert_eq!(readiness(since, now), expected, "{after}");
        }
    }
}
