//! Pages of proxies.

pub mod forget;
pub mod list;
