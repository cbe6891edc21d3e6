//! What the contexts of one configuration share in one VM.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use super::control::Control;
use super::host;
use super::response_changes::PendingChanges;
use crate::filter::Filter;

/// How often the root looks at what waits.
const TICK: Duration = Duration::from_millis(50);
/// The same while more streams are due than one callback may resume.
const BUSY_TICK: Duration = Duration::from_millis(1);

/// What the contexts of one configuration share.
pub struct Shared {
    /// The filter.
    pub filter: RefCell<Filter>,
    /// How to call the control service.
    pub control: Control,
    /// How responses are to be changed, until they come.
    pub response_changes: PendingChanges,
    busy: Cell<bool>,
}

impl Shared {
    /// What is shared from now on. The root ticks at once.
    pub fn new(filter: Filter, control: Control) -> Result<Self, host::HostError> {
        host::tick_every(BUSY_TICK)?;
        Ok(Self {
            filter: RefCell::new(filter),
            control,
            response_changes: PendingChanges::default(),
            busy: Cell::new(true),
        })
    }

    /// Ticks at once, or at the usual rate. Each change restarts the timer, so only changes reach
    /// the host.
    pub fn set_busy(&self, busy: bool) {
        if self.busy.replace(busy) != busy {
            let _ = host::tick_every(if busy { BUSY_TICK } else { TICK });
        }
    }
}
