//! Global sessions: the session of a browser, its cookies, how long sessions last, and how a
//! browser is described to its user.

pub mod client_description;
pub(crate) mod cookies;
pub(crate) mod current;
pub mod durations;
pub mod recent;
