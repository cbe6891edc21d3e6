//! Signing in.
//!
//! A sign-in method, [`password`] or [`provider`], finds out who the user is and returns an
//! [`AuthenticatedUser`](begin::AuthenticatedUser) or a [`ProvenUser`](provider::ProvenUser). All that follows is common to every method:
//! [`begin`] begins the global session, and the login page of the team domain sends the browser
//! back to the application.

mod authenticated;
pub(crate) mod begin;
pub mod email;
pub mod known_browser;
pub mod limits;
pub(crate) mod new_password;
pub mod own_password;
pub mod password;
pub mod password_hash;
pub mod password_hashing;
pub(crate) mod provider;
pub(crate) mod provider_limits;
pub(crate) mod used_attempts;
pub(crate) mod users;
