//! The OAuth 2.0 Device Authorization Grant (RFC 8628), by which the command line gets a token
//! for scripts: it asks, shows a code, and polls; a person confirms at `/device`.
//!
//! No cookie is looked at here: who calls is known by the device code alone.

mod authorize_device;
mod error;
mod token;

pub use authorize_device::authorize_device;
pub use token::token;
