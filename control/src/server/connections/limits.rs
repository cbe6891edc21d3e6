//! The limits of a listener.

use std::time::Duration;

/// The limits of a listener.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The most open connections.
    pub connections: usize,
    /// The most of one address, or /64 of IPv6, that is no proxy's.
    pub of_one_address: usize,
    /// How long a client may take for the head of a request, counted from its connection or the
    /// previous response.
    pub head_within: Duration,
    /// How long it may take for the body, counted from the head, and how long for taking what was
    /// written.
    pub body_within: Duration,
}

/// Connections beyond the limit, which are answered about health only.
pub(super) const FOR_HEALTH: usize = 16;

impl Limits {
    /// The same limits, at most so many eighths of `all` connections; those for health are among them.
    pub fn within(self, all: usize, eighths: usize) -> Self {
        let share = (all / 8).saturating_mul(eighths).saturating_sub(FOR_HEALTH);
        let connections = self.connections.min(share.max(1));
        Self {
            connections,
            of_one_address: self.of_one_address.min(connections.div_ceil(2)),
            ..self
        }
    }
}
