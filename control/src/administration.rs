//! What the dashboard, the admin API and the control socket do alike: one function for one change, which
//! each of them calls.

pub mod access_groups;
pub mod admin_tokens;
pub mod applications;
pub mod audit;
pub mod coverage;
pub mod etag;
pub mod filter_credentials;
pub mod keys;
pub mod policies;
pub mod providers;
pub mod proxies;
pub mod role;
pub mod roles;
pub mod service_tokens;
pub mod sessions;
pub mod users;
