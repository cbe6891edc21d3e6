//! The control service goes away and comes back, and Envoy with it.

mod envoy_starts_alone;
mod killed_and_restarted;
mod stopped;
