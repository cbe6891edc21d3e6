//! The names of an application's cookies at a place.

use crate::names::{BINDING_COOKIE, TOKEN_COOKIE};

/// The names of an application's cookies. Applications that share a hostname keep theirs apart by
/// their audience.
#[derive(Debug, Clone)]
pub struct CookieNames {
    /// Of the token.
    pub token: String,
    /// Of the binding secret.
    pub binding: String,
}

impl CookieNames {
    /// The names for the application with this audience, on a hostname that others share or not.
    #[must_use]
    pub fn of(audience: &str, shared: bool) -> Self {
        let suffix = match audience.get(..16) {
            Some(start) if shared => format!("_{start}"),
            _ => String::new(),
        };
        Self {
            token: format!("{TOKEN_COOKIE}{suffix}"),
            binding: format!("{BINDING_COOKIE}{suffix}"),
        }
    }
}
