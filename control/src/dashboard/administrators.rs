//! My Team › Administrators: who has which role.

pub mod change;
pub mod list;
