//! What a request may still wait for. Each wait leaves less, so every request ends.

/// What a request may still wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::filter) enum Wait {
    /// For the feed, and for its session.
    Anything,
    /// For its session to be refreshed, or its pair to be judged; it has waited for the feed.
    Session,
    /// For its pair to be judged, at so many applications.
    Pair(usize),
}

impl Wait {
    /// Whether a pair may still be asked for.
    pub fn allows_pair(self) -> bool {
        self != Self::Pair(0)
    }

    /// What it may wait for when its pair was judged. Without [`Self::Pair`] that was its one
    /// application.
    pub fn after_pair(self) -> Self {
        match self {
            Self::Anything | Self::Session => Self::Pair(0),
            Self::Pair(left) => Self::Pair(left.saturating_sub(1)),
        }
    }

    /// The same, with a pair that may be judged at each of so many applications.
    pub fn at_each_of(self, applications: usize) -> Self {
        match self {
            Self::Anything | Self::Session => Self::Pair(applications),
            Self::Pair(_) => self,
        }
    }
}
