//! A poll: what a VM polls for, what the query says, and what the answer was.

use std::time::Duration;

use crate::feed::freshness::StalePolicy;
use crate::feed::page::DecodedPage;
use crate::feed::state::{Progress, State};
use crate::feed::store::Store;
use crate::feed::timing::{self, LAGGING_WAIT};
use crate::reply::percent_encode;

/// Entries that a poll asks for in one page.
const PAGE_LIMIT: u32 = 20_000;

/// A poll to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poll {
    /// Query of the `feed` call.
    pub query: String,
    /// How long the callout may take.
    pub timeout: Duration,
}

/// The answer to a poll.
#[derive(Debug, Clone, Copy)]
pub struct FeedAnswer<'a> {
    /// The status; `None` if there was no answer.
    pub status: Option<u16>,
    /// The body.
    pub body: &'a [u8],
}

/// What a VM polls for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PollRole {
    /// For itself alone.
    Standalone,
    /// For all VMs of its worker group.
    Group(GroupPoll),
    /// For a page of a compaction, which is not applied here. Holds the query.
    Compaction(String),
}

/// What a poll for a worker group asks for and reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupPoll {
    /// Who polls.
    pub sender: Sender,
    /// The lowest version that one of its VMs has applied.
    pub applied: u64,
    /// The stale policy of all of them together.
    pub when_stale: StalePolicy,
    /// What the poll asks for.
    pub asks: Asks,
}

/// What names a worker group to the control service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// The name of the group, which no other has.
    pub instance: String,
    /// The node and the process that it runs in, if the node has an id.
    pub process: Option<NodeProcess>,
}

/// A process of a node. A node has one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeProcess {
    /// The name of the node.
    pub node: String,
    /// The name of the process, which no other has.
    pub process: String,
}

/// What a poll asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    /// The next change, as soon as there is one.
    Changes,
    /// The changes so far, at once: another poll is waiting to be sent.
    ChangesAtOnce,
    /// A whole snapshot, although something is in force.
    Snapshot,
}

/// What a successful answer changed, and what it was.
#[derive(Debug)]
pub struct Applied<'a> {
    pub progress: Progress,
    pub received: Received<'a>,
}

/// What a successful answer was.
#[derive(Debug)]
pub enum Received<'a> {
    /// The answer to a poll that had been given up. It was ignored.
    Stray,
    /// No change.
    NothingNew,
    /// A delta.
    Delta(Delta<'a>),
    /// A page of a snapshot.
    SnapshotPage(SnapshotPage),
    /// A page for a compaction; `None` if the poll failed.
    CompactionPage(Option<Box<CompactionPage<'a>>>),
}

/// A delta from one version to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delta<'a> {
    /// The version that it starts at.
    pub after: u64,
    /// The version that it leads to.
    pub version: u64,
    /// The page as received.
    pub page: &'a [u8],
}

/// A page for a compaction, which is not applied.
#[derive(Debug)]
pub struct CompactionPage<'a> {
    pub page: DecodedPage,
    /// The page as received.
    pub body: &'a [u8],
}

/// A page of a snapshot.
#[derive(Debug)]
pub struct SnapshotPage {
    pub is_first: bool,
    pub is_last: bool,
    pub epoch: String,
    pub version: u64,
    /// The page as VMs share it.
    pub bytes: Vec<u8>,
}

impl PollRole {
    /// What the poll asks for.
    pub fn asks(&self) -> Asks {
        match self {
            Self::Group(group) => group.asks,
            Self::Standalone | Self::Compaction(_) => Asks::Changes,
        }
    }

    /// How long the poll asks to wait. While other VMs have not applied the latest version, it
    /// returns soon, so that the next poll can report that they have.
    pub fn wait(&self, state: &State) -> Duration {
        let wait = timing::longest_wait(state.settings().when_stale.after);
        match self {
            Self::Group(group) if group.asks == Asks::ChangesAtOnce => Duration::ZERO,
            Self::Group(group) if state.store().map(Store::version) > Some(group.applied) => {
                wait.min(LAGGING_WAIT)
            }
            _ => wait,
        }
    }

    /// The query of a poll that continues a snapshot, asks for changes, or starts a snapshot.
    pub fn query(&self, state: &State, next: Option<&str>, wait: Duration) -> String {
        let settings = state.settings();
        let (instance, when_stale, process) = match self {
            Self::Group(GroupPoll {
                sender, when_stale, ..
            }) => (&sender.instance, *when_stale, sender.process_query()),
            // Other VMs of the process may poll at the same time.
            _ => (&settings.instance, settings.when_stale, String::new()),
        };
        let query = match state.store() {
            Some(store) if next.is_none() && self.asks() != Asks::Snapshot => {
                let applied = match self {
                    Self::Group(group) => group.applied,
                    _ => store.version(),
                };
                let (epoch, after) = (percent_encode(store.epoch().as_bytes()), store.version());
                let wait = wait.as_secs();
                // Empty where the page had none: that is no filter from before there were proofs.
                let proof = percent_encode(store.proof().unwrap_or_default().as_bytes());
                format!(
                    "epoch={epoch}&after={after}&proof={proof}&wait={wait}&limit={PAGE_LIMIT}\
                     &instance={instance}&applied={applied}"
                )
            }
            _ => snapshot_query(next, instance),
        };
        query + &when_stale.query() + &process
    }
}

impl Sender {
    /// The query for a page of a compaction.
    pub fn compaction_query(&self, next: Option<&str>, when_stale: StalePolicy) -> String {
        snapshot_query(next, &self.instance) + &when_stale.query() + &self.process_query()
    }

    /// The part of a poll's query that reports node and process.
    fn process_query(&self) -> String {
        self.process
            .as_ref()
            .map_or_else(String::new, |NodeProcess { node, process }| {
                format!(
                    "&node={}&process={process}",
                    percent_encode(node.as_bytes())
                )
            })
    }
}

/// The query for the named page of a snapshot, or for the first one.
fn snapshot_query(next: Option<&str>, instance: &str) -> String {
    let next = next.map_or_else(String::new, |next| {
        format!("next={}&", percent_encode(next.as_bytes()))
    });
    format!("{next}limit={PAGE_LIMIT}&instance={instance}")
}
