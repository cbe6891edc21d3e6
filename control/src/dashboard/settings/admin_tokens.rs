//! Admin tokens.

pub mod list;
pub mod make;
pub mod revoke;

/// The list, from which the other pages come.
const LIST: (&str, &str) = ("Admin tokens", "/dashboard/settings/admin-tokens");
