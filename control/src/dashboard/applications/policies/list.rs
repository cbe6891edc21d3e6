//! The three lists of conditions of a rule.

/// A list of conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// Any of them fits.
    Include,
    /// All of them fit.
    Require,
    /// None of them fits.
    Exclude,
}

impl List {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Include, Self::Require, Self::Exclude];

    /// Its name in a policy.
    pub fn name(self) -> &'static str {
        match self {
            Self::Include => "include",
            Self::Require => "require",
            Self::Exclude => "exclude",
        }
    }

    /// The list with a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|list| list.name() == name)
    }

    /// What it means.
    pub fn label(self) -> &'static str {
        match self {
            Self::Include => "Any of",
            Self::Require => "All of",
            Self::Exclude => "None of",
        }
    }
}
