//! The limit of open files, by which listeners are bounded: without it, the clients of one listener
//! could use up every descriptor of the process.

use rustix::process::{Resource, getrlimit, setrlimit};

/// What all listeners at their limits need, and the rest of the service.
const WANTED: u64 = 20_000;
/// For the database, its connections, files and what is being closed.
const RESERVED: usize = 128;

/// Raises the limit as far as the system lets the process. Returns for how many connections it is
/// enough.
pub(super) fn raise() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.map_or(WANTED, |most| most.min(WANTED));
    let mut open = limit.current.unwrap_or(u64::MAX);
    if open < wanted {
        let mut raised = limit;
        raised.current = Some(wanted);
        match setrlimit(Resource::Nofile, raised) {
            Ok(()) => open = wanted,
            Err(error) => tracing::warn!(%error, limit = open, "the limit of open files stays"),
        }
    }
    if open < WANTED {
        tracing::warn!(
            limit = open,
            "the listeners have fewer connections than they could: raise the limit of open files \
             (ulimit -n, LimitNOFILE) to {WANTED}"
        );
    }
    usize::try_from(open)
        .unwrap_or(usize::MAX)
        .saturating_sub(RESERVED)
}
