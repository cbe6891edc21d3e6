//! What a poll asks for, for whom it speaks, and how long it waits.

use super::Follower;
use crate::feed::snapshot::Gathering;
use crate::feed::staleness::Staleness;
use crate::reply::percent_encode;

/// The longest that a poll waits for news, in seconds.
const MAX_WAIT_S: u64 = 20;
/// The same while others lag behind what came.
const LAGGING_WAIT_S: u64 = 1;
/// Entries that a page may hold.
pub(in crate::feed) const PAGE_LIMIT: u32 = 20_000;
/// Whom a poll speaks for, if not for this VM alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::feed) struct SpeaksFor {
    /// The name of all of them.
    pub instance: String,
    /// The lowest version that one of them holds.
    pub applied: u64,
    /// What all of them do when nothing is heard for long.
    pub staleness: Staleness,
    /// Whether there is more to ask for at once, so that this poll waits for nothing.
    pub hurries: bool,
}

impl Follower {
    /// How many seconds a poll waits. While others have not applied what came, it returns soon,
    /// so that the next one can say that they have.
    pub(super) fn wait_s(&self) -> u64 {
        let wait = wait_s(self.settings.stale_after_ms);
        match (&self.speaks_for, &self.store) {
            (Some(all), _) if all.hurries => 0,
            (Some(all), Some(store)) if all.applied < store.version() => wait.min(LAGGING_WAIT_S),
            _ => wait,
        }
    }

    pub(super) fn query(&self, wait: u64) -> String {
        let all = self.speaks_for.as_ref();
        let staleness = all.map_or_else(|| self.staleness(), |all| all.staleness);
        self.position(wait) + &staleness.query()
    }

    /// What this VM does when it hears nothing for long.
    pub(in crate::feed) fn staleness(&self) -> Staleness {
        Staleness {
            after_ms: self.settings.stale_after_ms,
            denies: self.settings.denies_when_stale,
        }
    }

    /// What the poll follows on.
    fn position(&self, wait: u64) -> String {
        let instance = match &self.speaks_for {
            Some(all) => &all.instance,
            None => &self.settings.instance,
        };
        if let Some(next) = self.gathering.as_ref().and_then(Gathering::next) {
            let next = percent_encode(next.as_bytes());
            return format!("next={next}&limit={PAGE_LIMIT}&instance={instance}");
        }
        match &self.store {
            Some(store) if !self.begins_anew => {
                let (epoch, version) = (store.epoch(), store.version());
                let applied = self.speaks_for.as_ref().map_or(version, |all| all.applied);
                let epoch = percent_encode(epoch.as_bytes());
                format!(
                    "epoch={epoch}&after={version}&wait={wait}&limit={PAGE_LIMIT}\
                     &instance={instance}&applied={applied}"
                )
            }
            _ => format!("limit={PAGE_LIMIT}&instance={instance}"),
        }
    }
}

/// How many seconds a poll waits: it must end well before its silence makes the feed stale.
pub(in crate::feed) fn wait_s(stale_after_ms: u64) -> u64 {
    (stale_after_ms / 3_000).min(MAX_WAIT_S)
}
