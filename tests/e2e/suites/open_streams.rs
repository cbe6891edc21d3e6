//! What a session opened is closed when the session ends.

mod cut;
mod expiry;
mod stream;
mod updated;
