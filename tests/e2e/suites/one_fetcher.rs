//! However many workers and listeners an Envoy has, one of them polls the feed, and all of them
//! act on what came: while they start and go, and while the control service is away.

mod away;
mod configurations;
mod leaving;
mod polls;
mod scene;
mod stale;
