//! Rendering of `envoy/bootstrap.yaml`.

use std::path::Path;

use anyhow::{Result, bail};

/// The template.
pub const TEMPLATE: &str = include_str!("../../../../envoy/bootstrap.yaml");

/// What stands for the template's words between @ signs.
#[derive(Debug)]
pub struct Values<'a> {
    /// Where Envoy listens.
    pub port: u16,
    /// The server's certificate, PEM.
    pub certificate: &'a Path,
    /// The server's private key, PEM.
    pub key: &'a Path,
    /// The filter.
    pub module: &'a Path,
    /// The team domain's origin.
    pub team_domain: &'a str,
    /// The team domain's hostname.
    pub team_host: &'a str,
    /// The control service's public listener.
    pub control_port: u16,
    /// The control service's listener for filters.
    pub filters_port: u16,
    /// The application behind Envoy.
    pub origin_port: u16,
    /// The access log's file.
    pub access_log: &'a Path,
}

/// The bootstrap, ready for Envoy.
///
/// # Errors
/// When a word of the template is left over.
pub fn render(values: &Values<'_>) -> Result<String> {
    let rendered = [
        ("@PORT@", values.port.to_string()),
        ("@CERTIFICATE@", values.certificate.display().to_string()),
        ("@KEY@", values.key.display().to_string()),
        ("@MODULE@", values.module.display().to_string()),
        ("@TEAM_DOMAIN@", values.team_domain.to_owned()),
        ("@TEAM_HOST@", values.team_host.to_owned()),
        ("@CONTROL_PORT@", values.control_port.to_string()),
        ("@FILTERS_PORT@", values.filters_port.to_string()),
        ("@ORIGIN_PORT@", values.origin_port.to_string()),
        ("@ACCESS_LOG@", values.access_log.display().to_string()),
    ]
    .iter()
    .fold(TEMPLATE.to_owned(), |text, (word, value)| {
        text.replace(word, value)
    });
    match leftover(&rendered) {
        None => Ok(rendered),
        Some(word) => bail!("nothing is known of {word} in the bootstrap"),
    }
}

fn leftover(text: &str) -> Option<&str> {
    text.split_whitespace()
        .map(|word| word.trim_matches(['"', ',']))
        .find(|word| word.len() > 2 && word.starts_with('@') && word.ends_with('@'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_over() {
        let path = Path::new("/somewhere/file");
        let text = render(&Values {
            port: 8443,
            certificate: path,
            key: path,
            module: path,
            team_domain: "https://team.localhost:8443",
            team_host: "team.localhost",
            control_port: 1,
            filters_port: 2,
            origin_port: 3,
            access_log: path,
        })
        .unwrap();
        assert!(text.contains("port_value: 8443"));
        assert_eq!(leftover("a: @NEW@ # b"), Some("@NEW@"));
    }
}
