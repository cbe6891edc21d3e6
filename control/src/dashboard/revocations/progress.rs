//! How far a version has come, in words.

use portcullis::time::UnixSeconds;
use std::time::Duration;

use crate::administration::coverage::CoverageView;
use crate::feed::proxies::{AppliedAt, ProxyState};
use crate::sessions::durations::to_text;
use crate::team_domain::page::time::clock;
use crate::words::counted;

/// One sentence on how far a version has come.
pub fn sentence(view: &CoverageView) -> String {
    let coverage = &view.coverage;
    let proxies = counted(coverage.proxies, "proxy", "proxies");
    let took = coverage.slowest_ms.map(|took| format!(", {took} ms"));
    let took = took.unwrap_or_default();
    if coverage.complete && coverage.proxies == 0 {
        "No proxy follows the feed.".to_owned()
    } else if coverage.complete {
        format!("Applied by all: {} of {proxies}{took}.", coverage.applied)
    } else {
        format!("Applied by {} of {proxies}.", coverage.applied)
    }
}

/// What a proxy without the version may still do, after its name.
pub fn missing(one: &AppliedAt, now: UnixSeconds) -> String {
    let heard = to_text(seconds_between(one.last_poll_at, now));
    let heard = format!("was last heard {heard} ago.");
    match (one.state, one.until) {
        (ProxyState::Live, _) => format!("{heard} It has not applied this version yet."),
        (_, Some(until)) => format!(
            "{heard} It may let people in by what it has until {} (another {}), then it refuses everybody.",
            clock(until),
            to_text(seconds_between(now, until))
        ),
        (_, None) => format!(
            "{heard} It may let people in by what it has until somebody stops it: it does not say \
             that it will ever refuse them."
        ),
    }
}

fn seconds_between(earlier: UnixSeconds, later: UnixSeconds) -> Duration {
    Duration::from_secs(later.get().saturating_sub(earlier.get()))
}
