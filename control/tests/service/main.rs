//! The whole service in this process, on a database and ports of its own for each test, asked
//! the way browsers, filters and administrators ask it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by a panic"
)]

mod admin_api;
mod administration;
mod browser;
mod cli;
mod exchange;
mod feed;
mod fresh_login;
mod harness;
mod kill;
mod login;
mod logout;
mod own_sessions;
mod pages;
mod policy;
mod revocation;
mod secrets;
mod session_list;
mod sessions;
mod start;
