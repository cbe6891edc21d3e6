//! How a policy is checked.

use crate::policy::rules::AccessGroup;
use crate::sessions::durations::Bounds;

/// What the rules of a policy may name.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// The access groups.
    pub access_groups: &'a [AccessGroup],
    /// The ids of the identity providers; `None` if they cannot be known, because what declares them
    /// is wrong.
    pub providers: Option<&'a [String]>,
    /// The names of the service tokens; `None` if they cannot be known, as while a configuration file
    /// is checked.
    pub service_tokens: Option<&'a [String]>,
}

impl Names<'_> {
    /// Any provider and service token, and these access groups: for a policy that was checked before.
    #[must_use]
    pub fn any(access_groups: &[AccessGroup]) -> Names<'_> {
        Names {
            access_groups,
            providers: None,
            service_tokens: None,
        }
    }

    /// Nothing to name, and any service token.
    pub const NONE: Self = Self {
        access_groups: &[],
        providers: Some(&[]),
        service_tokens: None,
    };
}

/// How a policy is checked.
#[derive(Debug, Clone, Copy)]
pub struct PolicyContext<'a> {
    /// Where the policy stands, as `applications[0].policy`.
    pub path: &'a str,
    /// The bounds of session durations.
    pub bounds: Bounds,
    /// What its rules may name.
    pub names: Names<'a>,
}
