//! Pages of applications.

pub mod list;
