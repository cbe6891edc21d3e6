//! Pages of revocations.

pub mod one;
mod progress;
