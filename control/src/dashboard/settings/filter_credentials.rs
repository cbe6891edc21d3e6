//! Filter credentials.

pub mod list;
pub mod make;
pub mod revoke;

/// The list, from which the other pages come.
const LIST: (&str, &str) = (
    "Filter credentials",
    "/dashboard/settings/filter-credentials",
);
