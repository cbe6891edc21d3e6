//! How responses are to be changed, from when their requests are forwarded until the responses
//! come.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::filter::ResponseChanges;

/// The changes, by stream.
#[derive(Default)]
pub struct PendingChanges(RefCell<HashMap<u32, ResponseChanges>>);

impl PendingChanges {
    /// Keeps changes until the stream's response comes.
    pub fn keep(&self, stream: u32, changes: ResponseChanges) {
        if let Ok(mut kept) = self.0.try_borrow_mut() {
            kept.insert(stream, changes);
        }
    }

    /// Takes them. Nearly every response has none.
    pub fn take(&self, stream: u32) -> Option<ResponseChanges> {
        let mut kept = self.0.try_borrow_mut().ok()?;
        if kept.is_empty() {
            return None;
        }
        kept.remove(&stream)
    }
}
