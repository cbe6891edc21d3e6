//! The stand: one Envoy with the filter, one control service and one origin for all suites.
//!
//! Suites ask [`stand()`] for it and make users and applications of their own, so that they can
//! run side by side: revoking one test's user or application affects no other test. Users sign in through
//! the team domain's form; no test makes a token for itself but to forge one.
//!
//! The feed holds [`ballast`] besides, since a filter that is right with three applications and
//! no revocation shows little.
//!
//! Logs are kept in `target/e2e/<process id>/`, which the first line of a run names.

pub mod access_log;
pub mod ballast;
pub mod bootstrap;
pub mod chromium;
pub mod clock;
pub mod connection;
pub mod directories;
pub mod django_provider;
mod documents;
pub mod feed_relay;
pub mod header_tokens;
pub mod http2;
pub mod judge;
pub mod listeners;
pub mod probe;
pub mod refresh_relay;
pub mod refusal;
pub mod request;
mod secrets;
mod seen;
pub mod service_tokens;
pub mod sites;
pub mod stand;
pub mod table;
mod tenants;
pub mod tokens;
pub mod unharmed;
mod witness;
pub mod workers;

pub use stand::{Stand, stand};
pub use tenants::{Application, ApplicationSettings};
