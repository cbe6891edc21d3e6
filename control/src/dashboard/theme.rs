//! The theme: light, dark, or as the system.

use axum::http::HeaderMap;

use crate::sessions::cookies;

/// A theme that was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// The browser's choice.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        cookies::values(headers, cookies::THEME).find_map(Self::named)
    }

    /// Its name, in the cookie and in `data-theme`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The theme with a name.
    pub fn named(name: &str) -> Option<Self> {
        let mut all = [Self::Light, Self::Dark].into_iter();
        all.find(|theme| theme.name() == name)
    }
}
