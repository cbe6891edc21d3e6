//! Where the dashboard is.

/// The path of the first page, and what those of all others begin with.
pub const PATH: &str = "/dashboard";
