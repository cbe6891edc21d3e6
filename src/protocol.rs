//! What the filter and the control service say to each other, and to browsers on each other's
//! behalf. Both sides use these types, so neither can drift from the other.
//!
//! Unknown fields are ignored on purpose (a newer control service, an older filter); unknown
//! values of an enumeration are refused, because ignoring one could let somebody in.

pub mod audience;
pub mod base64url;
pub mod calls;
pub mod claims;
pub mod feed;
pub mod login;
pub mod origin;
pub mod return_to;
