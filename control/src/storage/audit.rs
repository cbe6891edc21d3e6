//! The audit log.

mod count;
pub(super) mod filter;
pub(in crate::storage) mod insert;
pub(super) mod list;
pub(super) mod reach;
pub(super) mod row;
mod settings;
pub(super) mod sign_ins;
mod statement;

/// Why a transaction has no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::storage) enum Unaudited {
    /// It deletes what has no effect any more, or moves times after a clock was set back.
    Upkeep,
    /// It notes what proxies report.
    Proxies,
    /// It is a step on the way to a token: the token has an event.
    OnTheWay,
    /// A provider reported something about people who have never signed in here, or have no such session.
    NobodyConcerned,
    /// A session is checked with its provider, and nothing came of it.
    Recheck,
    /// It adds to the counts of events that are there.
    Counted,
    /// It notes the settings of the first start, before which there were none.
    FirstSettings,
    /// It keeps what became of a form, whose act has an event.
    Forms,
    /// It keeps what became of a call with an idempotency key, whose act has an event.
    Calls,
    /// It brings the database up to date, or writes nothing.
    Nothing,
}
