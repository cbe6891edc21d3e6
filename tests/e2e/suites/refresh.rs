//! Refresh inside the request: while the global session lives, an expired application session
//! is refreshed, and the client notices nothing.
//!
//! All tests share one stand, whose filters reach the control service through a relay that
//! counts, holds and breaks their calls. Its clock is turned back while a user signs in, and
//! no test refreshes at that time.

mod answers;
mod away;
mod browser;
mod latency;
mod many;
mod revoked;
mod scene;
mod settings;
mod streams;
mod tabs;
