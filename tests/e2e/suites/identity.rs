//! The identity that the origin receives: only the filter sets it.

mod groups;
mod spoofed;
mod verified;
