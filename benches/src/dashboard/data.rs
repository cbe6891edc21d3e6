//! The rows of a large organisation, as SQL that both databases take.

mod applications;
mod feed;
mod log;
mod numbers;
mod people;

pub(super) use applications::FIRST;
pub(super) use feed::instance;
pub(super) use numbers::{session_id, user_id};

use crate::plan::Plan;

/// How many rows there are of each kind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    users: u64,
    sessions: u64,
    /// In force.
    pub revocations: u64,
    proxies: u64,
    /// Lines of the audit log.
    pub audit_events: u64,
}

/// What was there before, and when.
#[derive(Debug, Clone)]
pub(super) struct Ground {
    /// The time, in seconds.
    pub now: u64,
    /// The audience of the first application.
    pub audience: String,
    /// The id of the proxies' filter credential.
    pub credential: String,
    /// The newest version of the feed.
    pub version: i64,
    /// The newest id of the audit log.
    pub audit_id: i64,
}

impl Sizes {
    pub fn of(plan: Plan) -> Self {
        Self {
            users: plan.users,
            sessions: plan.users * 5 / 2,
            revocations: plan.million,
            proxies: plan.users / 10,
            audit_events: plan.users * 20,
        }
    }

    /// In words.
    pub fn told(self) -> String {
        format!(
            "{} users, {} sessions, {} revocations, {} proxies, {} lines of the audit log",
            self.users, self.sessions, self.revocations, self.proxies, self.audit_events
        )
    }

    /// All statements, each with what it adds.
    pub fn statements(self, ground: &Ground) -> Vec<(&'static str, String)> {
        let Self {
            users,
            sessions,
            revocations,
            proxies,
            audit_events,
        } = self;
        vec![
            ("names", people::names()),
            ("users", people::users(users, ground)),
            ("their words", people::words(users)),
            ("identities", people::identities(users, ground)),
            ("sessions", people::sessions(sessions, users, ground)),
            ("applications", applications::applications(ground)),
            ("their places", applications::places(ground)),
            ("their sessions", applications::sessions(sessions, ground)),
            ("revocations", feed::revocations(revocations, ground)),
            ("their times", feed::times(revocations, ground)),
            ("proxies", feed::proxies(proxies, revocations, ground)),
            ("their steps", feed::steps(proxies, revocations, ground)),
            ("audit log", log::audit_events(audit_events, users, ground)),
            ("sign-ins", log::sign_in_counts(ground)),
            ("service tokens", log::service_tokens(ground)),
            ("admin tokens", log::admin_tokens(ground)),
            ("access groups", log::access_groups()),
            ("counters", self.counters(ground)),
        ]
    }

    /// The newest version and the newest event. The feed's log does not tell these revocations.
    fn counters(self, ground: &Ground) -> String {
        let version = feed::newest(self.revocations, ground);
        format!(
            "UPDATE feed_state SET version = {version}, log_start = {version}; \
             UPDATE audit_state SET last_id = {} + {}",
            ground.audit_id, self.audit_events
        )
    }
}
