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
mod dashboard;
mod django_oauth_toolkit;
mod durations;
mod feed;
mod from_oauth2_proxy;
mod header_tokens;
mod health;
mod hostile;
mod identity;
mod keys;
mod kinds;
mod login;
mod login_attacks;
mod one_fetcher;
mod open_streams;
mod openapi;
mod operations;
mod paths;
mod place;
mod providers;
mod readme;
mod refresh;
mod report;
mod request_rules;
mod restore;
mod revocation;
mod secrets;
mod service_tokens;
mod sessions;
mod signatures;
mod sub_requests;
mod tokens;
mod trial;
mod wildcard;
