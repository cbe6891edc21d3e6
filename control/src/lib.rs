//! The control service of Portcullis. It owns the team domain, users, applications and their
//! policies, tokens and keys, and the feed that filters follow. No ordinary request to an
//! application needs it.
//!
//! It has three listeners: the [`team_domain`] for people and for the admin API, the [`filter_api`]
//! for filters, and the [`control_socket`] for the command line on the same machine. A fourth one,
//! for [`metrics`], is optional.

mod admin_api;
pub mod administration;
mod api;
pub mod applications;
pub mod audit;
pub mod cli;
pub mod config;
pub mod control_socket;
pub mod dashboard;
mod eligibility;
pub mod envoy_config;
pub mod feed;
pub mod filter_api;
pub mod health;
pub mod identity_providers;
pub mod local;
pub mod metrics;
pub mod policy;
pub mod problems;
pub mod provider_events;
pub mod seal;
pub mod server;
pub mod service;
pub mod sessions;
pub mod sign_in;
pub mod storage;
pub mod system;
pub mod team_domain;
pub mod tokens;
mod words;

pub use cli::main;

/// How long after its `exp` a token may still be accepted, because clocks differ.
const CLOCK_LEEWAY: std::time::Duration = std::time::Duration::from_secs(60);
