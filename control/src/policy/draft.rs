//! A policy rule as an administrator wrote it, unchecked.

use serde::{Deserialize, Serialize};

/// A policy rule, as written: its `allow`, and how long sessions last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RuleDraft {
    /// `emails`: addresses.
    pub emails: Vec<String>,
    /// `email_domains`: what follows the `@`.
    pub email_domains: Vec<String>,
    /// `everyone`: every user who can sign in.
    pub everyone: bool,
    /// `session_duration`: that of the application by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_duration: Option<String>,
}
