//! How much is measured: all of it within fifteen minutes, or a look in two.

use std::time::Duration;

/// Revocations in force that a large organisation may have after a bad day.
pub const MANY: u64 = 100_000;
/// Tokens of a cold cycle. The filter remembers 2,048 signatures, so that a cycle of these never
/// meets one that it knows.
pub const COLD_TOKENS: usize = 6_000;
/// Whatever happens, the bench ends by then.
pub const LIMIT: Duration = Duration::from_secs(900);

/// How often and how long.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Rounds of load, each over all contenders.
    pub rounds: usize,
    /// Seconds of load for a contender in a round.
    pub seconds: u64,
    /// Revocations in force where the report says a million.
    pub million: u64,
    /// Envoy's starts with and without revocations.
    pub starts: usize,
    /// Revocations whose way is measured.
    pub revocations: usize,
    /// Revocations that are to cut open streams.
    pub cuts: usize,
    /// Users in the database of the dashboard; what else there is follows.
    pub users: u64,
    /// Visits to each page of the dashboard.
    pub visits: usize,
    /// Revocations that are clicked in the dashboard.
    pub clicks: usize,
}

impl Plan {
    /// What a report is made of.
    pub const FULL: Self = Self {
        rounds: 7,
        seconds: 2,
        million: 1_000_000,
        starts: 3,
        revocations: 120,
        cuts: 100,
        users: 100_000,
        visits: 200,
        clicks: 120,
    };
    /// Whether everything works; the figures mean little.
    pub const QUICK: Self = Self {
        rounds: 2,
        seconds: 1,
        million: 50_000,
        starts: 1,
        revocations: 10,
        cuts: 5,
        users: 5_000,
        visits: 5,
        clicks: 10,
    };
}
