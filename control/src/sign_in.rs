//! Signing in: users, their e-mail addresses and passwords, and the limits on failed attempts.

pub(crate) mod email;
pub mod limits;
pub mod passwords;
pub(crate) mod users;
