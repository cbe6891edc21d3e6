//! End-to-end tests: real Envoy with the built filter, a real control service, sign-in through
//! the real form. A test that shows a row of the specification is named after it.

#![expect(
    clippy::indexing_slicing,
    reason = "a panic is how a test fails; clippy.toml allows this in test functions only"
)]

mod applied;
mod browser;
mod control_away;
mod cookies;
mod feed;
mod hostile;
mod identity;
mod kinds;
mod login;
mod login_attacks;
mod paths;
mod readme;
mod report;
mod revocation;
mod secrets;
mod signatures;
mod sub_requests;
mod tokens;
