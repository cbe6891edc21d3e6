//! `GET /.access/ready`: whether the filter can judge requests, for health checks.
//!
//! It is answered whatever the host is, since probes often know an address only, and before the
//! first feed, when the filter knows no host. It never waits, and tells nothing else.

use crate::filter::Filter;
use crate::filter::authenticate::Unavailable;
use crate::reply::Reply;
use crate::time::UnixMillis;

/// When another look is worth while, in seconds.
const RETRY_SECONDS: &str = "1";

impl Filter {
    /// 200 if sessions can be judged; 503 before the first feed, and with a stale one if the
    /// configuration denies then.
    pub(in crate::filter) fn ready(&self, now: UnixMillis) -> Reply {
        let why = match self.authenticator.in_force.trust(now) {
            Ok(_) => return Reply::json(200, "ready", &serde_json::json!({ "ready": true })),
            Err(why) => why,
        };
        let title = match why {
            Unavailable::NotReady => "The filter has no feed yet.",
            Unavailable::Stale | Unavailable::NoAnswer => "The filter's feed is stale.",
        };
        Reply::problem(503, why.reason(), title).with("retry-after", RETRY_SECONDS.to_owned())
    }
}
