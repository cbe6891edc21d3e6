//! How the database performs: what the metrics say about it.

use std::time::{Duration, Instant};

use portcullis::protocol::feed::Scope;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;

/// From a read of the page cache to what a caller gives up on, in seconds.
const SECONDS: [f64; 12] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
];

/// Revocations by scope.
pub type RevocationCounters = Family<[(&'static str, &'static str); 1], Counter>;

/// How the database performs. Clones share their values.
#[derive(Debug, Clone)]
pub struct DatabaseStats {
    /// How long statements and transactions that read took, with the wait for a connection.
    pub reads: Histogram,
    /// How long transactions that write took, without the wait for their turn.
    pub writes: Histogram,
    /// How long transactions waited for their turn to write.
    pub write_waits: Histogram,
    /// Revocations that were committed, by scope.
    pub revocations: RevocationCounters,
}

impl Default for DatabaseStats {
    fn default() -> Self {
        let revocations = RevocationCounters::default();
        for scope in Scope::ALL {
            let _ = revocations.get_or_create(&[("scope", scope.as_str())]);
        }
        Self {
            reads: Histogram::new(SECONDS),
            writes: Histogram::new(SECONDS),
            write_waits: Histogram::new(SECONDS),
            revocations,
        }
    }
}

/// Observes how long something takes, until it is dropped.
pub(super) struct Timer {
    begun: Instant,
    seconds: Histogram,
}

impl Timer {
    pub(super) fn new(seconds: &Histogram) -> Self {
        Self {
            begun: Instant::now(),
            seconds: seconds.clone(),
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        let took: Duration = self.begun.elapsed();
        self.seconds.observe(took.as_secs_f64());
    }
}
