//! Requests that wait.

use std::rc::Rc;

use super::LONGEST_WAIT_MS;
use super::logout::PendingLogout;
use super::refresh::PendingRefresh;
use crate::application::Placement;
use crate::login::Attempt;
use crate::reply::Reply;
use crate::request::OwnedHead;
use crate::request::kind::RequestKind;

/// Why a request waits.
pub(super) enum Pending {
    /// The feed may change the verdict.
    Feed(PendingFeed),
    /// The session is being refreshed.
    Refresh(PendingRefresh),
    /// The callback's code is being exchanged.
    Exchange(PendingExchange),
    /// A code that nobody may use is being burnt.
    Burn(PendingBurn),
    /// The global session is being ended.
    Logout(PendingLogout),
}

/// A request that waits for the feed.
pub(super) struct PendingFeed {
    pub head: OwnedHead,
    pub version: Option<u64>,
    pub deadline_ms: u64,
}

/// A callback that waits for the exchange of its code.
pub(super) struct PendingExchange {
    pub placement: Rc<Placement>,
    pub attempt: Attempt,
    pub returns: Vec<u64>,
    pub kind: RequestKind,
    pub deadline_ms: u64,
}

/// A callback whose code is being burnt.
pub(super) struct PendingBurn {
    pub reply: Reply,
    pub deadline_ms: u64,
}

impl Pending {
    /// Whether the wait has ended: by its deadline, or because what it waits for has
    /// come.
    pub fn is_due(&self, now_ms: u64, version: Option<u64>) -> bool {
        let deadline_ms = match self {
            Self::Feed(waiting) => {
                if waiting.version != version {
                    return true;
                }
                waiting.deadline_ms
            }
            Self::Refresh(refresh) if refresh.is_over() => return true,
            Self::Refresh(refresh) => refresh.deadline_ms(),
            Self::Exchange(exchange) => exchange.deadline_ms,
            Self::Burn(burn) => burn.deadline_ms,
            Self::Logout(logout) => logout.deadline_ms,
        };
        // A clock that was set back must not hold anybody for longer than the longest wait.
        now_ms >= deadline_ms || deadline_ms - now_ms > LONGEST_WAIT_MS
    }
}
