//! How often one client may request codes and poll with them. These clients are not authenticated.

use std::net::IpAddr;

use portcullis::time::UnixMillis;

use crate::system::rate_limit::{RateLimit, TooMany, network};

const REQUESTS_A_MINUTE: u32 = 60;
/// Enough for all requests that one client can have waiting, each polled at its interval.
const POLLS_A_MINUTE: u32 = 600;

/// The limits of `/device_authorization` and `/token`.
pub struct RequestLimits {
    requests: RateLimit,
    polls: RateLimit,
}

impl RequestLimits {
    /// Limits with nothing counted yet.
    pub fn new() -> Self {
        Self {
            requests: RateLimit::new(REQUESTS_A_MINUTE),
            polls: RateLimit::new(POLLS_A_MINUTE),
        }
    }

    /// Counts a request for codes.
    ///
    /// # Errors
    /// When there were too many.
    pub fn request(&self, client: IpAddr, now: UnixMillis) -> Result<(), TooMany> {
        self.requests.take(self.requests.key(network(client)), now)
    }

    /// Counts a poll.
    ///
    /// # Errors
    /// When there were too many.
    pub fn poll(&self, client: IpAddr, now: UnixMillis) -> Result<(), TooMany> {
        self.polls.take(self.polls.key(network(client)), now)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: UnixMillis = UnixMillis::new(1_000_000_000);

    #[test]
    fn clients_in_one_ipv6_network_share_a_limit() {
        let limits = RequestLimits::new();
        let [one, neighbour, other] =
            ["2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"].map(|text| text.parse().unwrap());
        for _ in 0..REQUESTS_A_MINUTE {
            assert!(limits.request(one, NOW).is_ok());
        }
        assert!(limits.request(neighbour, NOW).is_err());
        assert!(limits.request(other, NOW).is_ok());
        assert!(limits.poll(one, NOW).is_ok(), "polls are counted apart");
        assert!(limits.request(one, NOW + Duration::from_secs(1)).is_ok());
    }
}
