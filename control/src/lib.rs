//! The control service of Portcullis: it owns the team domain, users, applications and their
//! policies, tokens and keys, and the feed that filters follow. It is never asked on an ordinary
//! request to an application.
//!
//! Three doors, each with a listener of its own: the [`team_domain`] for people and for the admin
//! API, the [`filter_api`] for filters, the [`control_socket`] for the CLI on the same machine.

mod admin_api;
mod admin_token;
mod administration;
mod admission;
pub mod application;
pub mod cli;
pub mod client_description;
pub mod clock;
pub mod config;
pub mod control_socket;
mod cookies;
mod device_codes;
pub mod durations;
mod email;
mod exchange_codes;
pub mod filter_api;
mod filter_credential;
mod first_start;
mod header_tokens;
pub mod news;
pub mod passwords;
pub mod problems;
pub mod proxies;
pub mod randomness;
pub mod secret;
pub mod server;
pub mod service;
pub mod sign_in_limits;
pub mod storage;
pub mod team_domain;
pub mod tokens;
mod user;

pub use cli::main;

/// How long past its `exp` a token may still be taken somewhere, since clocks differ.
const CLOCK_LEEWAY_SECONDS: u64 = 60;
