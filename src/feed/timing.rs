//! Every interval of the feed with its reason, and how the intervals depend on each other.

use std::time::Duration;

use crate::time::UnixMillis;

/// The moment of an event, and a random number for what must not coincide with other VMs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tick {
    pub now: UnixMillis,
    pub random: u32,
}

// Polls.

/// The longest that the control service holds a poll open until something changes.
const LONGEST_WAIT: Duration = Duration::from_secs(20);
/// The same while other VMs have not applied the latest version, so that the next poll can soon
/// report that they have.
pub(super) const LAGGING_WAIT: Duration = Duration::from_secs(1);
/// Time for an answer beyond the wait that the poll asked for.
pub(super) const POLL_MARGIN: Duration = Duration::from_secs(10);
/// Time for the answer to a poll for a page of a compaction.
pub(super) const COMPACTION_TIMEOUT: Duration = Duration::from_secs(10);
/// How long after its timeout a poll counts as lost: the host drops the callouts of a root context
/// that ends, without telling it.
pub(super) const LOST_AFTER: Duration = Duration::from_secs(2);

// Pauses between polls.

/// First and longest pause after a failed poll.
pub(super) const FIRST_FAILURE_PAUSE: Duration = Duration::from_millis(100);
pub(super) const LONGEST_FAILURE_PAUSE: Duration = Duration::from_secs(5);
/// First and longest pause after an answer that came at once and brought nothing.
pub(super) const FIRST_IDLE_PAUSE: Duration = Duration::from_millis(100);
pub(super) const LONGEST_IDLE_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause after a delta without content. A filter that guards a few audiences gets one
/// for each change to the others, and a revocation may follow directly.
pub(super) const LONGEST_EMPTY_DELTA_PAUSE: Duration = Duration::from_millis(200);
/// A poll that took this long has waited, however short a wait it asked for.
pub(super) const WAITED: Duration = Duration::from_millis(500);

// What is in force.

/// How often revocations that no longer match any token are dropped.
pub(super) const PRUNE_INTERVAL: Duration = Duration::from_secs(600);

/// The most time that a step of the clock counts for, because it may have been set. Pages are further
/// apart only where the control service is away.
pub(super) const LONGEST_STEP: Duration = Duration::from_secs(900);

// The lease.

/// How long a lease lasts: a worker may be busy for a moment without losing it.
pub(super) const LEASE_TERM: Duration = Duration::from_secs(3);
/// How much of the lease may pass before the leader renews it.
pub(super) const RENEWAL_FRACTION: u32 = 6;
/// How much later than possible a lease may seem to end: a VM reads its clock before it reads the
/// lease.
pub(super) const LEASE_SLACK: Duration = Duration::from_secs(1);
/// How long a VM that is behind leaves a free lease to one that is not.
pub(super) const ACQUIRE_DELAY: Duration = Duration::from_millis(500);

// What the VMs of a process share.

/// How long a replica waits for pages that it knows of and cannot read before it polls for itself.
pub(super) const LAG_TIMEOUT: Duration = Duration::from_millis(1_500);
/// The leader writes the time of its last success into the lease and into the manifest. A replica
/// may see the two this far apart, and the clocks of two threads are read at different moments.
pub(super) const TIMESTAMP_SLACK: Duration = Duration::from_secs(2);
/// How long a VM polls for itself after the host's shared data failed.
pub(super) const STANDALONE: Duration = Duration::from_secs(10);
/// How long the leader waits after it published a change, so that its next poll can report that
/// all VMs have applied it: a few ticks.
pub(super) const SETTLE: Duration = Duration::from_millis(200);
/// How often a leader may resync, which fetches the whole feed.
pub(super) const RESYNC_INTERVAL: Duration = Duration::from_secs(10);
/// How often the leader may compact the log, which fetches the whole feed.
pub(super) const COMPACTION_INTERVAL: Duration = Duration::from_secs(60);

// Membership.

/// How often a VM writes that it is alive.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(1);
/// How long after its last heartbeat a VM counts as gone, so that nothing waits for it.
pub(super) const EXPIRY: Duration = Duration::from_secs(10);
/// How long a VM may judge requests without looking at the shared data.
pub(super) const OUT_OF_TOUCH: Duration = Duration::from_secs(5);
/// How old a summary of all members may be where it is only reported as a metric.
pub(super) const SUMMARY_AGE: Duration = Duration::from_millis(500);

/// How long a poll asks the control service to wait: it must end well before its silence makes the
/// feed stale.
pub(super) fn longest_wait(stale_after: Duration) -> Duration {
    Duration::from_secs(stale_after.as_secs() / 3).min(LONGEST_WAIT)
}

const fn is_shorter(one: Duration, other: Duration) -> bool {
    one.as_nanos() < other.as_nanos()
}

// A pause grows from its first value to its longest.
const _: () = assert!(is_shorter(FIRST_FAILURE_PAUSE, LONGEST_FAILURE_PAUSE));
const _: () = assert!(is_shorter(FIRST_IDLE_PAUSE, LONGEST_EMPTY_DELTA_PAUSE));
const _: () = assert!(is_shorter(LONGEST_EMPTY_DELTA_PAUSE, LONGEST_IDLE_PAUSE));
// A poll that waited as long as a group that lags asks for is not taken for an idle one.
const _: () = assert!(is_shorter(WAITED, LAGGING_WAIT));
// A VM that has stood still stops judging well before the others stop waiting for it: otherwise
// `applied` could claim a version that it does not yet enforce.
const _: () = assert!(is_shorter(OUT_OF_TOUCH, EXPIRY));
// Missing a few heartbeats does not make a VM count as gone.
const _: () = assert!(is_shorter(HEARTBEAT.saturating_mul(5), EXPIRY));
const _: () = assert!(is_shorter(SUMMARY_AGE, HEARTBEAT));
// The leader renews several times before its lease ends, also one with the shortest lease.
const _: () = assert!(RENEWAL_FRACTION > 2);
// A replica hears of a success through a renewal before it could take the difference for a lag.
const _: () = assert!(is_shorter(
    LEASE_TERM,
    TIMESTAMP_SLACK.saturating_mul(RENEWAL_FRACTION)
));
const _: () = assert!(is_shorter(LEASE_SLACK, LEASE_TERM));
// A VM that is behind acquires a free lease before it gives up waiting for another to do so.
const _: () = assert!(is_shorter(ACQUIRE_DELAY, LAG_TIMEOUT));
// Waiting for the others to apply a change costs less than asking again.
const _: () = assert!(is_shorter(SETTLE, LAGGING_WAIT));
// A lost page of a compaction is given up before the next compaction may begin.
const _: () = assert!(is_shorter(
    COMPACTION_TIMEOUT.saturating_add(LOST_AFTER),
    COMPACTION_INTERVAL
));
