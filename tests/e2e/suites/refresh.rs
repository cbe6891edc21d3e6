//! Refresh inside the request (`decisions.md` 6): while the global session lives, an expired
//! application session goes on, and whoever sent the request notices nothing.
//!
//! All tests share one stand, whose filters reach the control service through a relay that
//! counts, holds and breaks their calls. Its clock is turned back while somebody signs in, so
//! nobody refreshes at that time.

mod answers;
mod browser;
mod latency;
mod many;
mod revoked;
mod scene;
mod settings;
mod streams;
mod tabs;
