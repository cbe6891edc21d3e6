//! Requests that wait.

use std::rc::Rc;

use super::deadline::Deadline;
use super::logout::PendingLogout;
use super::refresh::PendingRefresh;
use crate::application::Placement;
use crate::login::Attempt;
use crate::reply::Reply;
use crate::request::OwnedHead;
use crate::request::kind::RequestKind;
use crate::time::{UnixMillis, UnixSeconds};

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
    pub deadline: Deadline,
}

/// A callback that waits for the exchange of its code.
pub(super) struct PendingExchange {
    pub placement: Rc<Placement>,
    pub attempt: Attempt,
    pub returns: Vec<UnixSeconds>,
    pub kind: RequestKind,
    pub deadline: Deadline,
}

/// A callback whose code is being burnt.
pub(super) struct PendingBurn {
    pub reply: Reply,
    pub deadline: Deadline,
}

impl Pending {
    /// Whether the wait has ended: by its deadline, or because what it waits for has
    /// come.
    pub fn is_due(&self, now: UnixMillis, version: Option<u64>) -> bool {
        let deadline = match self {
            Self::Feed(waiting) => {
                if waiting.version != version {
                    return true;
                }
                waiting.deadline
            }
            Self::Refresh(refresh) if refresh.is_over() => return true,
            Self::Refresh(refresh) => refresh.deadline(),
            Self::Exchange(exchange) => exchange.deadline,
            Self::Burn(burn) => burn.deadline,
            Self::Logout(logout) => logout.deadline,
        };
        deadline.has_passed(now)
    }
}
