//! What the operating system provides, as arguments, and limits on how often something happens.

pub(crate) mod backoff;
pub mod clock;
pub mod disk;
pub mod log;
pub mod os_user;
pub mod randomness;
pub mod rate_limit;
