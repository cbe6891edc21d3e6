//! The value of `--team-domain`.

use portcullis::protocol::origin::{Origin, is_loopback};

/// Parses the value.
///
/// # Errors
/// When it is not an origin, or tokens could be read on the way.
pub fn team_domain(text: &str) -> Result<Origin, String> {
    let origin: Origin = text
        .strip_suffix('/')
        .unwrap_or(text)
        .parse()
        .map_err(|error| format!("{error}"))?;
    if origin.is_https() || is_loopback(origin.hostname()) {
        Ok(origin)
    } else {
        Err(
            "must be https; http is only allowed for localhost, *.localhost and 127.0.0.1"
                .to_owned(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_team_domain_is_reached_over_tls_or_on_this_machine() {
        for good in [
            "https://team.example.com",
            "https://team.example.com/",
            "https://team.localhost:8443",
            "http://localhost:8081",
            "http://127.0.0.1:8081",
        ] {
            assert!(team_domain(good).is_ok(), "{good}");
        }
        for bad in [
            "http://team.example.com",
            "http://localhost.example.com",
            "team.example.com",
            "https://team.example.com/device",
            "https://user@team.example.com",
        ] {
            assert!(team_domain(bad).is_err(), "{bad}");
        }
    }
}
