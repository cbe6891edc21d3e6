//! Portcullis: application sessions for Envoy, as a proxy-wasm HTTP filter.
//!
//! The crate is two things. As a `cdylib` for `wasm32-wasip1` it is the filter, `portcullis.wasm`.
//! As a library it is the filter's core, which decides everything and names no host, and the
//! formats that it shares with the control service ([`protocol`]).

pub mod application;
pub mod config;
pub mod duration;
#[cfg(target_arch = "wasm32")]
pub mod envoy;
pub mod feed;
pub mod fields;
pub mod filter;
pub mod names;
pub mod protocol;
pub mod reason;
pub mod reply;
pub mod request;
pub mod session;
pub mod time;
