//! Signing in with a provider. `GET /login/{id}` sends the browser there, and `/callback/{id}` is
//! where it comes back.

mod begin;
mod callback;
mod failed;
mod pending;
pub mod trial;

pub use begin::{Start, begin};
pub use callback::{finish, post};
pub use pending::is_full;

/// The path that begins a sign-in with a provider.
pub fn login_path(provider_id: &str) -> String {
    format!("/login/{provider_id}")
}
