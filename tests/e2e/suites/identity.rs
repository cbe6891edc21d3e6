//! The identity that the origin receives: only the filter sets it.

mod spoofed;
mod verified;
