//! How far a version has come, in words.

use std::time::Duration;

use portcullis::time::UnixSeconds;
use serde::Serialize;

use super::super::shown::Shown;
use crate::administration::coverage::CoverageView;
use crate::feed::proxies::{AppliedAt, ProxyState};
use crate::sessions::durations::to_text;
use crate::team_domain::page::time::clock;
use crate::words::counted;

/// The most proxies that are named.
const MOST_NAMED: usize = 20;

/// How far a version has come, for a script.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Progress {
    version: u64,
    applied: u64,
    proxies: u64,
    complete: bool,
    slowest_ms: Option<u64>,
    /// Proxies that lack it, those first that may let people in for long.
    missing: Vec<MissingProxy>,
    /// A sentence for people.
    text: String,
}

/// A proxy that lacks a version.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct MissingProxy {
    credential: String,
    name: String,
    text: String,
}

impl Progress {
    /// What is known now.
    pub fn of(view: &CoverageView, now: UnixSeconds) -> Self {
        let mut missing: Vec<&AppliedAt> = view.items.iter().filter(|one| !one.applied).collect();
        missing.sort_by_key(|one| one.state == ProxyState::Live);
        let named = |one: &&AppliedAt| MissingProxy {
            credential: one.credential.clone(),
            name: Shown::new(&one.instance).plain().to_owned(),
            text: self::missing(one, now),
        };
        let coverage = &view.coverage;
        Self {
            version: coverage.version,
            applied: coverage.applied,
            proxies: coverage.proxies,
            complete: coverage.complete,
            slowest_ms: coverage.slowest_ms,
            missing: missing.iter().take(MOST_NAMED).map(named).collect(),
            text: sentence(view),
        }
    }
}

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
