//! What a session opened is closed when the session ends.

mod cut;
mod expiry;
pub mod stream;
mod updated;
