//! The name of an application, which is also its hostname below `localhost`.

use std::fmt;
use std::str::FromStr;

/// The team domain's hostname.
pub const TEAM_HOST: &str = "team.localhost";

/// A label of a hostname (RFC 1123): lower-case letters, digits and inner hyphens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hostname(String);

impl Hostname {
    /// The origin of the application behind Envoy on a port.
    #[must_use]
    pub fn origin(&self, port: u16) -> String {
        match port {
            443 => format!("https://{self}.localhost"),
            _ => format!("https://{self}.localhost:{port}"),
        }
    }
}

impl FromStr for Hostname {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_label = (1..=63).contains(&text.len())
            && !text.starts_with('-')
            && !text.ends_with('-')
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !is_label {
            return Err(format!(
                "the name `{text}` becomes a part of the address, so it must consist of lower-case \
                 letters, digits and hyphens"
            ));
        }
        if TEAM_HOST.split('.').next() == Some(text) {
            return Err(format!(
                "the name `{text}` is taken: people sign in at {TEAM_HOST}"
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Hostname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_make_an_address() {
        let name: Hostname = "wiki-2".parse().unwrap();
        assert_eq!(name.origin(8443), "https://wiki-2.localhost:8443");
        assert_eq!(name.origin(443), "https://wiki-2.localhost");
        for text in [
            "",
            "Wiki",
            "a.b",
            "-a",
            "a-",
            "a b",
            "a_b",
            "ä",
            &"a".repeat(64),
        ] {
            let error = text.parse::<Hostname>().unwrap_err();
            assert!(error.contains("lower-case letters"), "{text}: {error}");
        }
        let error = "team".parse::<Hostname>().unwrap_err();
        assert!(error.contains("team.localhost"), "{error}");
    }
}
