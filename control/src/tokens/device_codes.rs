//! Requests of command lines for a token, which a user answers in a browser (RFC 8628).
//!
//! The command line polls with the device code, a secret. The user compares the user code, which is
//! short and shown in both places.

pub mod guess_limits;
pub mod issue;
pub mod request_limits;
pub mod user_code;

use std::time::Duration;

/// The one client of the device endpoints: this program's command line. It is public, so the id
/// proves nothing (RFC 6749, section 2.2).
pub const CLIENT_ID: &str = "portcullis-control";
/// `grant_type` of a poll (RFC 8628, section 3.4).
pub const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// How long a request waits for an answer.
pub const LIFE: Duration = Duration::from_secs(600);
/// The shortest time between two polls of a command line.
pub const POLL_INTERVAL: Duration = Duration::from_secs(2);
