//! The whole service in this process, on a database and ports of its own for each test, asked
//! the way browsers, filters and administrators ask it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by a panic"
)]

mod access_groups;
mod addresses;
mod admin_api;
mod administration;
mod applied;
mod audit;
mod browser;
mod changed_duration;
mod cli;
mod clock_set_back;
mod copied_session;
mod credentials;
mod dashboard;
mod device;
mod device_floods;
mod device_races;
mod durable;
mod durations;
mod eligibility;
mod exchange;
mod false_cookies;
mod faults;
mod feed;
mod forwarded_groups;
mod fresh_login;
mod gate;
mod harness;
mod head;
mod header_tokens;
mod identities;
mod identity_providers;
mod keys;
mod kill;
mod large;
mod launcher;
mod login;
mod logout;
mod logs;
mod many_sessions;
mod memory;
mod metrics;
mod one_service;
mod openid_provider;
mod own_sessions;
mod pages;
mod person;
mod policies;
mod policy;
mod popup;
mod provider_events;
mod provider_sign_in;
mod refresh;
mod removed_application;
mod replicas;
mod restore;
mod revocation;
mod secrets;
mod service_tokens;
mod session_list;
mod sessions;
mod shared_hosts;
mod silent_login;
mod slow_clients;
mod start;
mod strangers;
mod table;
mod tokens;
mod upkeep;
mod users;
mod walk;
mod ways_on;
mod wildcard;
