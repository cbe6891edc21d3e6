//! The bounds of a duration.

use std::time::Duration;

use crate::duration::parse_duration;

/// The durations that a field accepts, as people write them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// The shortest.
    pub least: &'static str,
    /// The longest.
    pub most: &'static str,
}

impl Bounds {
    /// Whether a duration is within the bounds.
    pub fn admit(self, duration: Duration) -> bool {
        parse_duration(self.least) <= Some(duration) && Some(duration) <= parse_duration(self.most)
    }
}
