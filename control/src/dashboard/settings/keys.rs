//! Signing keys.

pub mod list;
pub mod refuse;
pub mod rotate;

/// The list, from which the other pages come.
const LIST: (&str, &str) = ("Keys", "/dashboard/settings/keys");
