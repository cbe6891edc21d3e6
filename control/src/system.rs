//! What the operating system provides, as arguments: the time and randomness.

pub mod clock;
pub mod randomness;
