//! The control service.
fn main() {}
