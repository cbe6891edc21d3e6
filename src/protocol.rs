//! The protocol between the filter and the control service, directly and through browsers. Both
//! sides use these types, so they cannot diverge.
//!
//! Unknown fields are ignored on purpose (a newer control service, an older filter). Unknown values
//! of an enumeration are refused, because ignoring one could admit a request.

pub mod audience;
pub mod base64url;
pub mod calls;
pub mod claims;
pub mod feed;
pub mod login;
pub mod origin;
pub mod origin_pattern;
pub mod return_to;
pub mod service_token;
