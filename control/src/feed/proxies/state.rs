//! Whether a proxy polls, and if not, whether it may still admit users.

use std::time::Duration;

use portcullis::time::UnixMillis;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::storage::Proxy;

/// How much later than this process a proxy may begin to count: the last response may have been on
/// its way for the proxy's whole timeout.
const MARGIN: Duration = Duration::from_secs(35);

/// The state of a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProxyState {
    /// It polls.
    Live,
    /// It does not poll. If it still runs, its own configuration now makes it deny every request.
    Stale,
    /// It does not poll. If it still runs, it may admit users according to what it last applied.
    Unknown,
    /// Its process ended, and another one has taken its place on the same node.
    Replaced,
}

impl ProxyState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Live, Self::Unknown, Self::Stale, Self::Replaced];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Stale => "stale",
            Self::Unknown => "unknown",
            Self::Replaced => "replaced",
        }
    }
}

/// From when on a proxy denies every request, if it does not poll; `None` if it never does, or does
/// not say.
#[must_use]
pub fn denies_from(proxy: &Proxy) -> Option<UnixMillis> {
    Some(proxy.last_seen + proxy.denies_after? + MARGIN)
}

/// A proxy's state at a time, without regard to other proxies.
#[must_use]
pub fn state_of(proxy: &Proxy, now: UnixMillis) -> ProxyState {
    if now < proxy.live_until {
        return ProxyState::Live;
    }
    match denies_from(proxy) {
        Some(from) if now >= from => ProxyState::Stale,
        _ => ProxyState::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_that_stopped_polling_is_stale_only_if_it_denies() {
        let proxy = |denies_after| Proxy {
            credential: "c".into(),
            instance: "i".into(),
            address: "127.0.0.1".into(),
            applied: 7,
            first_seen: UnixMillis::EPOCH,
            last_seen: UnixMillis::new(1_000_000),
            live_until: UnixMillis::new(1_010_000),
            denies_after,
            process: None,
            hung_up: false,
            shares_node: false,
        };
        let denies = proxy(Some(Duration::from_secs(60)));
        for (now, state) in [
            (1_009_999, ProxyState::Live),
            (1_010_000, ProxyState::Unknown),
            (1_094_999, ProxyState::Unknown),
            (1_095_000, ProxyState::Stale),
        ] {
            assert_eq!(state_of(&denies, UnixMillis::new(now)), state, "{now}");
        }
        assert_eq!(
            state_of(&proxy(None), UnixMillis::new(u64::MAX)),
            ProxyState::Unknown
        );
    }
}
