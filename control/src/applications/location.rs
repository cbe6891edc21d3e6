//! Where an application is reached: an origin, or a wildcard for some, and, unless it has the whole
//! host, a path prefix. Written as `https://wiki.example.com`, `https://example.com/wiki` or
//! `https://*.preview.example.com`.

use std::fmt;
use std::str::FromStr;

use portcullis::protocol::login::FILTER_PREFIX;
use portcullis::protocol::origin::is_loopback;
use portcullis::protocol::origin_pattern::{OriginPattern, PatternError};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An origin or a wildcard, with an optional path prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    origin: OriginPattern,
    path_prefix: Option<String>,
}

/// Why a text is not a location of an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LocationError {
    /// The part before the path is invalid.
    #[error("{0}")]
    Origin(PatternError),
    /// `http` to another machine, where tokens could be read on the way.
    #[error("must be https; http is only allowed for localhost, *.localhost and 127.0.0.1")]
    Plain,
    /// The path is invalid.
    #[error(
        "must have a path prefix of plain segments like /wiki or /team/wiki, none of which begins \
         with a dot"
    )]
    Prefix,
}

impl Location {
    /// Scheme, hostname and port.
    #[must_use]
    pub fn origin(&self) -> &OriginPattern {
        &self.origin
    }

    /// The prefix, beginning with `/` and not ending with it; `None` for the whole host.
    #[must_use]
    pub fn path_prefix(&self) -> Option<&str> {
        self.path_prefix.as_deref()
    }
}

impl Location {
    /// Whether everything at another location is at this one.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let at_origin = match other.origin.exact() {
            Some(origin) => self.origin.matches(origin),
            None => self.origin == other.origin,
        };
        at_origin && self.path_prefix == other.path_prefix
    }
}

impl FromStr for Location {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Self, LocationError> {
        let after_scheme = text.find("://").map_or(0, |at| at + 3);
        let path_at = text
            .get(after_scheme..)
            .and_then(|rest| rest.find('/'))
            .map_or(text.len(), |at| after_scheme + at);
        let (origin, path) = text.split_at_checked(path_at).unwrap_or((text, ""));
        let origin: OriginPattern = origin.parse().map_err(LocationError::Origin)?;
        if !origin.is_https() && !is_loopback(origin.hostname()) {
            return Err(LocationError::Plain);
        }
        let path_prefix = match path.trim_end_matches('/') {
            "" if path.len() <= 1 => None,
            prefix if path.len() - prefix.len() <= 1 && is_prefix(prefix) => {
                Some(prefix.to_owned())
            }
            _ => return Err(LocationError::Prefix),
        };
        Ok(Self {
            origin,
            path_prefix,
        })
    }
}

/// Segments of unreserved characters (RFC 3986, section 2.3) that do not begin with a dot: such a
/// path has only one spelling.
fn is_prefix(path: &str) -> bool {
    path.strip_prefix('/').is_some_and(|path| {
        path.split('/').all(|segment| {
            !segment.is_empty()
                && !segment.starts_with('.')
                && segment
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
        })
    }) && !format!("{path}/").starts_with(FILTER_PREFIX)
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}{}",
            self.origin,
            self.path_prefix.as_deref().unwrap_or("")
        )
    }
}

impl Serialize for Location {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Location {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_locations() {
        for (text, canonical, prefix) in [
            ("https://wiki.example.com", "https://wiki.example.com", None),
            (
                "https://wiki.example.com/",
                "https://wiki.example.com",
                None,
            ),
            (
                "https://example.com/wiki/",
                "https://example.com/wiki",
                Some("/wiki"),
            ),
            (
                "http://wiki.localhost:8080",
                "http://wiki.localhost:8080",
                None,
            ),
            (
                "http://127.0.0.1:9000/a/b",
                "http://127.0.0.1:9000/a/b",
                Some("/a/b"),
            ),
            (
                "https://*.preview.example.com:443/wiki/",
                "https://*.preview.example.com/wiki",
                Some("/wiki"),
            ),
            ("http://*.localhost:8080", "http://*.localhost:8080", None),
        ] {
            let place: Location = text.parse().unwrap();
            assert_eq!(place.to_string(), canonical);
            assert_eq!(place.path_prefix(), prefix);
        }
    }

    #[test]
    fn invalid_locations() {
        for text in [
            "wiki.example.com",
            "http://wiki.example.com",
            "http://localhost.example.com",
            "https://example.com//",
            "https://example.com//wiki",
            "https://example.com/../wiki",
            "https://example.com/%77iki",
            "https://example.com/wiki?x",
            "https://example.com/.access",
            "https://example.com/.access/x",
            "http://*.example.com",
            "https://*.com",
            "https://w*.example.com",
            "https://example.com/*",
        ] {
            assert!(text.parse::<Location>().is_err(), "{text}");
        }
    }
}
