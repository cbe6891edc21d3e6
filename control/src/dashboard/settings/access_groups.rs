//! Access groups.

pub mod delete;
pub mod list;

/// The list, from which the other page comes.
const LIST: (&str, &str) = ("Access groups", "/dashboard/settings/access-groups");
