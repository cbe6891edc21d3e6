//! The whole service in this process, on a database and ports of its own for each test, asked
//! the way browsers, filters and administrators ask it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by a panic"
)]

mod administration;
mod applied;
mod browser;
mod cli;
mod durable;
mod exchange;
mod feed;
mod harness;
mod kill;
mod large;
mod login;
mod logout;
mod pages;
mod policy;
mod revocation;
mod secrets;
mod sessions;
mod start;
mod upkeep;
