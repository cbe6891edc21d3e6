//! Cookies of sessions that were refreshed inside a request, from when the request goes on until
//! its response comes.

use std::cell::RefCell;
use std::collections::HashMap;

/// The cookies, by stream.
#[derive(Default)]
pub struct Renewals(RefCell<HashMap<u32, Vec<String>>>);

impl Renewals {
    /// Keeps them until the stream's response comes.
    pub fn keep(&self, stream: u32, cookies: Vec<String>) {
        if let Ok(mut kept) = self.0.try_borrow_mut() {
            kept.insert(stream, cookies);
        }
    }

    /// Takes them. Nearly every response has none.
    pub fn take(&self, stream: u32) -> Option<Vec<String>> {
        let mut kept = self.0.try_borrow_mut().ok()?;
        if kept.is_empty() {
            return None;
        }
        kept.remove(&stream)
    }
}
