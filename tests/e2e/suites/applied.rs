//! Which proxies have applied a revocation, and how long it took.

mod proxies;
mod restarts;
