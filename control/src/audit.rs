//! The audit log: what happened, who did it, and what it was about.
//!
//! An [`Event`] is stored in the transaction of which it tells, so neither exists without the other:
//! [`storage`](crate::storage) commits no change without one. It never holds a secret, a token, a
//! code or a password. What strangers cause by failing is counted ([`strangers`]), so that a flood
//! does not fill the disk.

pub mod changes;
pub mod event;
pub mod event_name;
pub mod initiator;
pub mod source;
pub mod strangers;
mod text;

pub use event::{Event, Subject};
pub use event_name::EventName;
pub use initiator::{Actor, Initiator};
