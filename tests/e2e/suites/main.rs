//! End-to-end tests: real Envoy with the built filter, a real control service, sign-in through
//! the real form. A test that shows a row of the specification is named after it.

mod cookies;
mod login;
mod revocation;
mod sub_requests;
mod tokens;
