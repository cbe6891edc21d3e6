//! `DEMO_PORT`, `DEMO_SESSION` and `DEMO_PROVIDER`.

use std::ffi::OsString;

use anyhow::{Result, bail};
use portcullis_control::local::DEFAULT_PORT;
use portcullis_control::problems::InputProblems;
use portcullis_control::sessions::durations::Bounds;

const DEFAULT_SESSION: &str = "10m";

/// What the environment says.
#[derive(Debug, PartialEq, Eq)]
pub struct Settings {
    /// Envoy's port.
    pub port: u16,
    /// The application sessions' duration.
    pub session_duration: String,
    /// Whether there is an OpenID provider, too.
    pub provider: bool,
}

impl Settings {
    /// Reads them, each with its default.
    ///
    /// # Errors
    /// Which variable is wrong, and what it may be.
    pub fn read(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self> {
        let text = |name| variable(name).map(|value| value.to_string_lossy().into_owned());
        let port = match text("DEMO_PORT") {
            None => DEFAULT_PORT,
            Some(text) => match text.parse() {
                Ok(port) if port != 0 => port,
                _ => bail!("DEMO_PORT is `{text}`: it must be a port from 1 to 65535"),
            },
        };
        let session_duration = text("DEMO_SESSION").unwrap_or_else(|| DEFAULT_SESSION.to_owned());
        let mut problems = InputProblems::default();
        Bounds::of_sessions(true).parse("", &session_duration, &mut problems);
        if problems.finish().is_err() {
            bail!(
                "DEMO_SESSION is `{session_duration}`: it must be a duration such as 30s, 10m or \
                 1h 30m, up to 30d, or 0 to sign in at every page"
            );
        }
        Ok(Self {
            port,
            session_duration,
            provider: text("DEMO_PROVIDER").is_some_and(|text| !text.is_empty()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, value: &str) -> Result<Settings> {
        Settings::read(|other| (other == name).then(|| value.into()))
    }

    #[test]
    fn what_is_set_and_what_is_not() {
        let settings = read("DEMO_SESSION", "1m").unwrap();
        assert_eq!((settings.port, &*settings.session_duration), (8443, "1m"));
        let settings = read("DEMO_PORT", "9443").unwrap();
        assert_eq!((settings.port, &*settings.session_duration), (9443, "10m"));
        assert_eq!(read("DEMO_SESSION", "0").unwrap().session_duration, "0");
        assert!(read("DEMO_PROVIDER", "1").unwrap().provider);
        assert!(!read("DEMO_PROVIDER", "").unwrap().provider);
    }

    #[test]
    fn a_wrong_setting_is_named() {
        for value in ["5x", "", "500ms", "31d", "-1m", "5"] {
            let error = read("DEMO_SESSION", value).unwrap_err().to_string();
            let start = format!("DEMO_SESSION is `{value}`: it must be a duration such as 30s");
            assert!(error.starts_with(&start), "{error}");
        }
        for value in ["0", "65536", "http", ""] {
            let error = read("DEMO_PORT", value).unwrap_err().to_string();
            let expected = format!("DEMO_PORT is `{value}`: it must be a port from 1 to 65535");
            assert_eq!(error, expected);
        }
    }
}
