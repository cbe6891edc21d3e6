//! What a VM does for its worker group.
//!
//! ```text
//! Replica ── acquires the lease ──▶ Leader
//! Leader  ── steps down ──▶ Replica
//! Replica, Leader ── the host fails ──▶ Standalone ── after a while ──▶ Replica
//! any role ── the configuration ends ──▶ Left
//! ```

use std::time::Duration;

use super::leader::Leader;
use crate::time::UnixMillis;

/// What this VM does.
pub enum Role {
    /// It polls for itself until this time, because the host's shared data failed.
    Standalone { until: UnixMillis },
    /// It applies what the leader publishes.
    Replica,
    /// It polls for all VMs.
    Leader(Box<Leader>),
    /// Its configuration has ended: it still applies what is published, for streams that remain.
    Left,
}

/// Limits how often something expensive begins.
pub struct Cooldown {
    interval: Duration,
    until: UnixMillis,
}

impl Role {
    /// The leader's part, if this VM leads.
    pub fn leader(&self) -> Option<&Leader> {
        match self {
            Self::Leader(leader) => Some(leader),
            Self::Standalone { .. } | Self::Replica | Self::Left => None,
        }
    }
}

impl Cooldown {
    pub fn new(interval: Duration) -> Self {
        Self {
            interval,
            until: UnixMillis::EPOCH,
        }
    }

    /// Whether it may begin. A clock that was set back does not put it off.
    pub fn is_over(&mut self, now: UnixMillis) -> bool {
        self.until = self.until.min(now + self.interval);
        now >= self.until
    }

    pub fn start(&mut self, now: UnixMillis) {
        self.until = now + self.interval;
    }
}
