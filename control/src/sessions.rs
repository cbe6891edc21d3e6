//! Global sessions: how long they last, the cookies that carry them, and how a browser is
//! described to its user.

pub mod client_description;
pub(crate) mod cookies;
pub mod durations;
