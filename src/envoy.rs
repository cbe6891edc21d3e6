//! The adapter: proxy-wasm callbacks become events of the core, its effects become host calls.
//! Nothing is decided here.

mod abi;
mod control;
// A module has one entry point. `tests/probe` has its own.
#[cfg(feature = "entry-point")]
mod entry_point;
mod host;
mod response_changes;
mod root;
mod shared;
mod shared_data;
mod signature;
mod stream;

pub use root::Root;
pub use signature::EnvoySignatures;
