//! What must hold of the filter's core for any input: each function takes hostile bytes and
//! panics when it does not hold.
//!
//! `fuzz/` gives them to a fuzzer, `tests/smoke.rs` runs them on stable Rust, from the same seeds.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a panic is how an oracle says that something does not hold"
)]

mod configuration;
mod cookies;
mod feed;
mod path;
mod token;

pub use configuration::configuration;
pub use cookies::cookies;
pub use feed::feed;
pub use path::path;
pub use token::{genuine, token};

/// Takes any input, and panics if something does not hold.
pub type Target = fn(&[u8]);

/// The targets, by the names of their folders in `fuzz/`.
pub const TARGETS: [(&str, Target); 5] = [
    ("configuration", configuration),
    ("cookies", cookies),
    ("feed", feed),
    ("path", path),
    ("token", token),
];
