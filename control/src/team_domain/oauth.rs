//! The OAuth 2.0 Device Authorization Grant (RFC 8628), which gives the command line a token for
//! scripts: it requests one, shows a code, and polls, while a user confirms at `/device`.
//!
//! Cookies are ignored here: the device code alone identifies the caller.

mod authorize_device;
mod error;
mod token;

pub use authorize_device::authorize_device;
pub use token::token;
