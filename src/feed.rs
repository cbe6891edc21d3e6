//! Following the control service: what is in force, and how it is kept up to date.

mod bounds;
mod follower;
mod pace;
mod page;
mod process;
pub mod shared;
mod snapshot;
mod staleness;
mod store;

pub use bounds::MAX_REVOCATIONS;
pub use follower::{FeedAnswer, Follower, FollowerSettings, Poll, Progress};
pub use process::{Feed, FeedGauges};
pub use store::{FeedError, Store};

#[cfg(test)]
mod tests;
