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
