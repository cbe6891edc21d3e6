//! Attacks on the way through the login and out again, one redirect at a time.

mod callback;
mod cross_site;
mod many;
mod open_redirects;
mod sign_out;
mod silent;
pub(crate) mod steps;
mod too_late;
mod wrong_clock;
