//! The administration of the service over HTTP: one file for each resource, with its requests,
//! its responses and its handlers.
//!
//! They are offered in two places: the [admin API](crate::admin_api) for programs, the
//! [control socket](crate::control_socket) for the command line. Every change is logged with the
//! administrator who made it.

pub mod access_groups;
pub mod admin_tokens;
pub mod administrator;
pub mod applications;
pub mod audit;
pub mod authorization;
pub mod calls;
pub mod command_error;
pub mod description;
pub mod error;
pub mod filter_credentials;
pub mod idempotency;
pub mod input;
pub mod keys;
pub mod list;
pub mod policies;
pub mod precondition;
pub mod providers;
pub mod proxies;
pub mod reference;
pub mod revocations;
pub mod scope;
pub mod service_tokens;
pub mod sessions;
pub mod settings;
#[cfg(feature = "test-clock")]
pub mod test_clock;
pub mod users;

/// The path of all calls of the admin API.
pub const PATH: &str = "/api/admin/v1";
