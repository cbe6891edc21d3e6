//! The audit log: each event has one line, which says who did what, written with what it tells.

mod administration;
mod bounds;
mod command;
mod life;
mod provider;
pub mod scene;
mod service_tokens;
mod sign_in;
