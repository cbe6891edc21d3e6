//! Events of the feed: polls, their answers, and what other VMs of the process have fetched.

use super::Filter;
use crate::feed::{FeedAnswer, FeedError, FeedGauges, Poll, Progress, Scope, SharedData, Store};
use crate::time::UnixMillis;

/// What the feed has brought: of which epoch, and up to which version.
#[derive(PartialEq, Eq)]
struct Position {
    epoch: String,
    version: u64,
}

impl Filter {
    /// Shares the feed with the other VMs of the process, and takes over what they have.
    /// `node` is the node's name, if it has one.
    pub fn share(
        &mut self,
        data: Box<dyn SharedData>,
        credential: &str,
        node: Option<String>,
        now: UnixMillis,
    ) {
        let in_force = &mut self.authenticator.in_force;
        let scope = Scope {
            credential,
            team_domain: &in_force.team_domain,
            cluster: &self.config.control().cluster,
        };
        let _ = in_force.feed.share(data, &scope, node, now);
    }

    /// The poll that is due, if one is.
    pub fn poll(&mut self, now: UnixMillis, random: u32) -> Option<Poll> {
        self.authenticator.in_force.feed.poll(now, random)
    }

    /// A poll of the feed was answered.
    ///
    /// # Errors
    /// The page was dropped; why is for the log.
    pub fn feed_answered(
        &mut self,
        now: UnixMillis,
        random: u32,
        answer: FeedAnswer<'_>,
    ) -> Result<Progress, FeedError> {
        let feed = &mut self.authenticator.in_force.feed;
        let progress = feed.answered(now, random, answer)?;
        self.changed(progress, now);
        Ok(progress)
    }

    /// Looks at what other VMs of the process have fetched.
    ///
    /// # Errors
    /// They cannot be relied on for a while; why is for the log.
    pub fn look(&mut self, now: UnixMillis, random: u32) -> Result<Progress, FeedError> {
        let before = self.position();
        let looked = self.authenticator.in_force.feed.look(now, random);
        let progress = match looked {
            Ok(progress @ Progress::Changed { .. }) => progress,
            // A part was taken over before the rest failed: it may have brought keys.
            _ if self.position() != before => Progress::Changed { keys: true },
            _ => Progress::Unchanged,
        };
        self.changed(progress, now);
        looked
    }

    /// Whether what other VMs have fetched is being taken over, with nothing to judge by before.
    #[must_use]
    pub fn is_loading(&self) -> bool {
        self.authenticator.in_force.feed.is_loading()
    }

    /// The configuration is about to be dropped: another VM polls from now on.
    pub fn leave(&mut self, now: UnixMillis) {
        self.authenticator.in_force.feed.leave(now);
    }

    /// Figures of the feed, if this VM is the one that reports them.
    pub fn gauges(&mut self, now: UnixMillis) -> Option<FeedGauges> {
        self.authenticator.in_force.feed.gauges(now)
    }

    /// What the feed has brought, for the log: to be compared with the control service's
    /// database.
    #[must_use]
    pub fn held(&self) -> Option<String> {
        let store = self.authenticator.store()?;
        let (version, revocations) = (store.version(), store.revocations());
        Some(format!(
            "holds version {version}: {} revocations, digest {}",
            revocations.len(),
            revocations.digest()
        ))
    }

    fn changed(&mut self, progress: Progress, now: UnixMillis) {
        if let Progress::Changed { keys } = progress {
            self.unknown_keys.clear();
            self.services.feed_changed();
            if keys {
                self.authenticator.verifier.forget();
            }
            self.open_streams.judge(&self.authenticator, now);
        }
    }

    fn position(&self) -> Option<Position> {
        let of = |store: &Store| Position {
            epoch: store.epoch().to_owned(),
            version: store.version(),
        };
        self.authenticator.store().map(of)
    }
}
