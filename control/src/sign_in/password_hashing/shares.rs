//! How many places one user holds among the known callers.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The most places of one user.
pub(super) const MOST: usize = 4;

/// The places that users hold.
#[derive(Default)]
pub(super) struct Shares {
    held: Mutex<HashMap<String, usize>>,
}

/// A place of a user.
pub(super) struct Share<'a> {
    shares: &'a Shares,
    user: &'a str,
}

impl Shares {
    /// A place, unless the user has all of theirs.
    pub(super) fn take<'a>(&'a self, user: &'a str) -> Option<Share<'a>> {
        let mut held = self.lock();
        let count = held.entry(user.to_owned()).or_default();
        (*count < MOST).then(|| {
            *count += 1;
            Share { shares: self, user }
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        let mut held = self.shares.lock();
        if let Some(count) = held.get_mut(self.user) {
            *count -= 1;
            if *count == 0 {
                held.remove(self.user);
            }
        }
    }
}
