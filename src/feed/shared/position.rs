//! The small version key: where the feed is, and where its pages lie. It is written last, so what
//! it names is whole.

use serde::{Deserialize, Serialize};

/// The position's key.
pub const POSITION: &str = "position";

/// Where the feed is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// One life of the database.
    pub epoch: String,
    /// The version of the last good poll.
    pub version: u64,
    /// When that poll was answered, in milliseconds since 1970: what is taken from here is as
    /// old as that.
    pub fetched: u64,
    /// The last snapshot.
    pub base: Base,
    /// The deltas since.
    pub log: LogEnd,
}

/// A snapshot's pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// Its own name.
    pub id: u64,
    /// Which of the two banks its pages are in.
    pub bank: u8,
    /// How many.
    pub pages: u32,
    /// Their bytes.
    pub bytes: u64,
    /// The version that the snapshot is of.
    pub version: u64,
    /// The block of the log from which on deltas follow.
    pub block: u64,
}

/// Where the log of deltas ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEnd {
    /// The log's own name.
    pub id: u64,
    /// The last block, counted from 0.
    pub block: u64,
    /// Its bytes; what it has beyond them is not told yet.
    pub bytes: u64,
    /// The bytes of all blocks since the base.
    pub total: u64,
}
