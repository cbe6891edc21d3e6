//! My Team › Sessions: live global sessions.

pub mod end;
pub mod list;
pub mod row;
