//! What the dashboard, the admin API and the control socket do alike: one function for one change, which
//! each of them calls.

pub mod applications;
pub mod coverage;
pub mod proxies;
pub mod role;
pub mod roles;
pub mod sessions;
pub mod users;
