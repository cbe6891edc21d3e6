//! A proxy, as pages show it.

use std::time::Duration;

use portcullis::time::UnixMillis;

use super::super::shown::Shown;
use super::address;
use crate::feed::proxies::{ProxyState, Standing};
use crate::sessions::durations::to_text;
use crate::team_domain::page::time::{ShownTime, clock};

/// A proxy, as pages show it.
pub struct Row {
    /// Its name.
    pub name: Shown,
    /// The id of its filter credential.
    pub credential: Shown,
    /// From where it polls.
    pub address: Shown,
    /// Its node, if it says so.
    pub node: Option<Shown>,
    /// Whether it is live.
    pub state: &'static str,
    /// The colour of the state.
    pub kind: &'static str,
    /// What its state means.
    pub meaning: String,
    /// The version that all its workers have applied.
    pub version: u64,
    /// How many versions it lacks.
    pub behind: u64,
    /// When it polled last.
    pub last_poll: ShownTime,
    /// What it does without the feed.
    pub then: String,
    /// Its own page.
    pub page: String,
    /// Where it can be forgotten, if the person may do that.
    pub forget: Option<String>,
}

impl Row {
    /// A proxy, while the newest version is `newest`.
    pub fn of(one: &Standing, newest: u64, may_forget: bool) -> Self {
        let proxy = &one.proxy;
        let is_gone = one.state != ProxyState::Live;
        Self {
            name: Shown::new(&proxy.instance),
            credential: Shown::new(&proxy.credential),
            address: Shown::new(&proxy.address),
            state: one.state.as_str(),
            kind: match one.state {
                ProxyState::Live => "good",
                ProxyState::Unknown => "bad",
                ProxyState::Stale => "warn",
                ProxyState::Replaced => "",
            },
            meaning: meaning(one),
            version: proxy.applied,
            behind: newest.saturating_sub(proxy.applied),
            last_poll: ShownTime::at(UnixMillis::to_seconds(proxy.last_seen)),
            then: then(proxy.denies_after),
            page: address("one", (&proxy.credential, &proxy.instance)),
            node: proxy.process.as_ref().map(|of| Shown::new(&of.node)),
            forget: (may_forget && is_gone)
                .then(|| address("forget", (&proxy.credential, &proxy.instance))),
        }
    }
}

fn meaning(one: &Standing) -> String {
    match (one.state, one.until()) {
        (ProxyState::Live, _) => String::new(),
        (ProxyState::Unknown, Some(until)) => {
            format!(
                "It may let people in by what it has until {}, then it refuses everybody.",
                clock(until)
            )
        }
        (ProxyState::Unknown, None) => {
            "It may let people in by what it has until somebody stops it.".to_owned()
        }
        (ProxyState::Stale, _) => "If it still runs, it refuses everybody.".to_owned(),
        (ProxyState::Replaced, _) => "Another process of its node has taken its place.".to_owned(),
    }
}

fn then(denies_after: Option<Duration>) -> String {
    denies_after.map_or_else(
        || "goes on".to_owned(),
        |after| format!("refuses everybody after {}", to_text(after)),
    )
}
