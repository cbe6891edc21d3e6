//! What the demo and the end-to-end tests are made of: a local certificate authority, child
//! processes that never outlive their parent, Envoy, the control service, an origin that shows
//! what it received, and a browser that is one as far as cookies and Fetch Metadata go.
//!
//! [`deployment::Deployment`] puts them together on this machine's loopback interface.

pub mod browser;
pub mod control;
pub mod demo;
pub mod deployment;
pub mod envoy;
pub mod openid_provider;
pub mod origin;
pub mod ports;
pub mod tools;
pub mod wait;

pub use portcullis_control::local::{certificates, process};
