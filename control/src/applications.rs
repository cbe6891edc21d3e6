//! Applications: what is protected, where it is reached, how long its sessions last, and its
//! policy.
//!
//! A [`Draft`](draft::Draft) is what an administrator wrote; [`check`] makes a
//! [`Definition`](definition::Definition) of it or notes everything that is wrong. The definition
//! is stored as JSON, and the feed carries what filters need of it.

pub mod check;
pub mod conflicts;
pub mod definition;
pub mod draft;
pub mod forward_groups;
pub mod location;
pub mod neighbours;
mod shared_hosts;
pub mod upstream;

pub use check::check;
pub use definition::{Admitted, Application, Definition};
pub use draft::{BypassDraft, Draft};
pub use forward_groups::{FittingGroups, ForwardGroups};
pub use location::Location;
pub use upstream::{Protocol, Upstream};
