//! Envoy's bootstrap for the applications that exist: `portcullis-control envoy-config`.
//!
//! The template is `envoy/bootstrap.yaml`. Every value goes in quoted, so that no name, path or
//! address can become YAML of its own.

mod cluster;
mod control_tls;
mod error_page;
mod hosts;
mod quoted;

use std::net::SocketAddr;
use std::path::Path;

use askama::Template;
use portcullis::protocol::origin::Origin;

use crate::applications::Upstream;
use cluster::{Cluster, Endpoint};
use control_tls::{ClientFiles, TlsSocket};
use error_page::ErrorPage;
use hosts::{VirtualHost, Wildcards};
use quoted::{one_line, quoted};

pub use control_tls::ControlTls;
pub use hosts::{Guarded, HostsError};

/// What a bootstrap is written for.
#[derive(Debug)]
pub struct EnvoyConfig<'a> {
    /// Where Envoy listens.
    pub listen: SocketAddr,
    /// Where plain HTTP is redirected to HTTPS, if anywhere.
    pub redirect: Option<SocketAddr>,
    /// Where health checks are answered by plain HTTP, if anywhere.
    pub health: Option<SocketAddr>,
    /// Whether HTTP/3 is served too.
    pub http3: bool,
    /// Where Envoy's admin endpoint listens.
    pub admin: SocketAddr,
    /// The certificate chain of all hostnames, PEM.
    pub certificate: &'a Path,
    /// Its private key, PEM.
    pub key: &'a Path,
    /// The filter.
    pub module: &'a Path,
    /// Where Envoy writes its access log.
    pub access_log: &'a Path,
    /// The team domain.
    pub team_domain: &'a Origin,
    /// The control service's listener for people, as Envoy reaches it.
    pub control: SocketAddr,
    /// The control service's listener for filters, as Envoy reaches it.
    pub filters: SocketAddr,
    /// Reaches both through this server instead, by TLS.
    pub control_tls: Option<ControlTls<'a>>,
    /// The applications, each with the server behind Envoy.
    pub applications: &'a [Guarded],
    /// Where hosts lead that no application names, if anywhere.
    pub other_hosts: Option<Upstream>,
}

/// Why no bootstrap can be written.
#[derive(Debug, thiserror::Error)]
pub enum EnvoyConfigError {
    /// The applications do not fit together.
    #[error(transparent)]
    Hosts(#[from] HostsError),
    /// A path cannot stand in YAML.
    #[error("{0}: the path is not UTF-8")]
    Path(String),
    /// The template.
    #[error("the bootstrap cannot be written: {0}")]
    Render(#[from] askama::Error),
}

impl EnvoyConfig<'_> {
    /// The bootstrap, in YAML with comments.
    ///
    /// # Errors
    /// When two applications claim the same place, or a path is not UTF-8.
    pub fn to_yaml(&self) -> Result<String, EnvoyConfigError> {
        let redirect_port = self.redirect.map(|address| address.port());
        let hosts = hosts::virtual_hosts(self.applications, self.team_domain, redirect_port)?;
        let wildcards = Wildcards::of(self.applications);
        let clusters = self.applications.iter().map(Cluster::of);
        let others = self.other_hosts.as_ref().map(Cluster::of_other_hosts);
        let team_hostname = self.team_domain.hostname();
        let plain = hosts.iter().map(|host| host.plain_domains.clone());
        let public_port = self.team_domain.port();
        let bootstrap = Bootstrap {
            applications: names(self.applications),
            listen: Address::of(self.listen),
            health: self.health.map(Address::of),
            redirect: self.redirect.map(Address::of),
            http3: self.http3,
            alt_svc: quoted(&format!("h3=\":{public_port}\"; ma=86400")),
            admin: Address::of(self.admin),
            certificate: path(self.certificate)?,
            key: path(self.key)?,
            module: path(self.module)?,
            access_log: path(self.access_log)?,
            authorities: quoted(SYSTEM_AUTHORITIES),
            team_domain: quoted(&self.team_domain.to_string()),
            team_authority: quoted(&hosts::authority_pattern(team_hostname)),
            all_domains: std::iter::once(wildcards.plain_domains(team_hostname, redirect_port))
                .chain(plain)
                .collect::<Vec<_>>()
                .join(", "),
            team_domains: wildcards.domains(team_hostname),
            public_port,
            error_pages: ErrorPage::all(),
            control: Endpoint::at(self.control),
            filters: Endpoint::at(self.filters),
            control_tls: self.control_tls.as_ref().map(tls_socket).transpose()?,
            other_hosts: others.as_ref().map(|cluster| cluster.name.clone()),
            clusters: clusters.chain(others).collect(),
            hosts,
        };
        Ok(bootstrap.render()?)
    }
}

#[derive(Template)]
#[template(path = "../../envoy/bootstrap.yaml", escape = "none")]
struct Bootstrap {
    applications: String,
    listen: Address,
    health: Option<Address>,
    redirect: Option<Address>,
    http3: bool,
    alt_svc: String,
    admin: Address,
    certificate: String,
    key: String,
    module: String,
    access_log: String,
    authorities: String,
    team_domain: String,
    team_authority: String,
    team_domains: String,
    all_domains: String,
    public_port: u16,
    error_pages: Vec<ErrorPage>,
    control: Endpoint,
    filters: Endpoint,
    control_tls: Option<TlsSocket>,
    other_hosts: Option<String>,
    clusters: Vec<Cluster>,
    hosts: Vec<VirtualHost>,
}

struct Address {
    host: String,
    port: u16,
}

impl Address {
    fn of(address: SocketAddr) -> Self {
        Self {
            host: quoted(&address.ip().to_string()),
            port: address.port(),
        }
    }
}

/// The names of the applications, for the head of the file.
fn names(applications: &[Guarded]) -> String {
    let names: Vec<String> = applications.iter().map(|one| one_line(&one.name)).collect();
    match names.split_last() {
        None => "no application yet".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}

fn tls_socket(tls: &ControlTls<'_>) -> Result<TlsSocket, EnvoyConfigError> {
    let authorities = tls.authorities.unwrap_or(Path::new(SYSTEM_AUTHORITIES));
    let client = match tls.client {
        Some((certificate, key)) => Some(ClientFiles {
            certificate: path(certificate)?,
            key: path(key)?,
        }),
        None => None,
    };
    Ok(TlsSocket::to(tls.server, path(authorities)?, client))
}

fn path(path: &Path) -> Result<String, EnvoyConfigError> {
    let text = path.to_str();
    text.map(quoted)
        .ok_or_else(|| EnvoyConfigError::Path(path.display().to_string()))
}

/// The certificate authorities that Debian and Ubuntu ship.
const SYSTEM_AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

#[cfg(test)]
mod tests {
    use super::*;

    fn guarded(name: &str, digit: &str, place: &str) -> Guarded {
        Guarded {
            name: name.to_owned(),
            audience: digit.repeat(64),
            places: vec![place.parse().unwrap()],
            upstream: "http://127.0.0.1:3000".parse().unwrap(),
        }
    }

    fn yaml(applications: &[Guarded], key: &str) -> Result<String, EnvoyConfigError> {
        yaml_by(applications, key, None)
    }

    fn yaml_by(
        applications: &[Guarded],
        key: &str,
        control_tls: Option<ControlTls<'_>>,
    ) -> Result<String, EnvoyConfigError> {
        EnvoyConfig {
            listen: "0.0.0.0:443".parse().unwrap(),
            redirect: Some("0.0.0.0:80".parse().unwrap()),
            health: Some("0.0.0.0:8085".parse().unwrap()),
            http3: true,
            admin: "127.0.0.1:0".parse().unwrap(),
            certificate: Path::new("/etc/envoy/tls.crt"),
            key: Path::new(key),
            module: Path::new("/etc/envoy/portcullis.wasm"),
            access_log: Path::new("/dev/stdout"),
            team_domain: &"https://team.example.com".parse().unwrap(),
            control: "127.0.0.1:8081".parse().unwrap(),
            filters: "127.0.0.1:8082".parse().unwrap(),
            control_tls,
            applications,
            other_hosts: None,
        }
        .to_yaml()
    }

    #[test]
    fn the_longest_path_of_a_host_comes_first() {
        let applications = [
            guarded("whole", "a", "https://x.example.com"),
            guarded("docs", "b", "https://x.example.com/docs"),
            guarded("deep", "c", "https://x.example.com/docs/api"),
        ];
        let yaml = yaml(&applications, "/key").unwrap();
        let clusters = |yaml: &str| -> Vec<String> {
            let routes = yaml.split("cluster: \"application_").skip(1);
            routes.map(|rest| rest[..1].to_owned()).take(3).collect()
        };
        assert_eq!(clusters(&yaml), ["c", "b", "a"]);
        assert!(yaml.contains("{ path_separated_prefix: \"/docs/api\" }"));
    }

    #[test]
    fn a_control_service_elsewhere_is_reached_by_tls_only() {
        let tls = |server: &str| {
            let server = server.parse().unwrap();
            let files = (Path::new("/proxy.crt"), Path::new("/proxy.key"));
            let tls = ControlTls {
                server: &server,
                authorities: None,
                client: Some(files),
            };
            yaml_by(&[], "/key", Some(tls)).unwrap()
        };
        let named = tls("https://control.example.com:8443");
        for text in [
            r#"sni: "control.example.com""#,
            "type: STRICT_DNS",
            "san_type: DNS",
            r#"trusted_ca: { filename: "/etc/ssl/certs/ca-certificates.crt" }"#,
            r#"private_key: { filename: "/proxy.key" }"#,
        ] {
            assert_eq!(named.matches(text).count(), 2, "{text} in both clusters");
        }
        assert!(!named.contains("127.0.0.1\", port_value: 808"), "{named}");
        let address = tls("https://10.0.0.7:8443");
        assert_eq!(address.matches("san_type: IP_ADDRESS").count(), 2);
        assert!(!address.contains("sni:"), "an address is no server name");
    }

    #[test]
    fn no_value_becomes_yaml_of_its_own() {
        let applications = [guarded("a\nb: c\u{2028}d", "a", "https://x.example.com")];
        let yaml = yaml(&applications, "/a\"}\nb: c").unwrap();
        assert!(yaml.starts_with("# Envoy with Portcullis in front of a b: c d.\n"));
        assert!(yaml.contains(r#"{ filename: "/a\"}\nb: c" }"#), "{yaml}");
        assert!(!yaml.contains("\nb: c"));
    }

    /// Envoy looks for an exact domain first, then for the longest `*.x`, then for `x:*`.
    #[test]
    fn a_wildcard_takes_no_request_of_an_exact_hostname() {
        let applications = [
            guarded("previews", "a", "https://*.example.com:8443"),
            guarded("wiki", "b", "https://wiki.example.com:8443"),
            guarded("deep", "c", "https://x.y.example.com"),
            guarded("apart", "d", "https://wiki.example.org"),
        ];
        let yaml = yaml(&applications, "/key").unwrap();
        for domains in [
            r#"["*.example.com", "*.example.com:8443"]"#,
            r#"["team.example.com", "team.example.com:8443", "team.example.com:*"]"#,
            r#"["wiki.example.com", "wiki.example.com:8443", "wiki.example.com:*"]"#,
            r#"["x.y.example.com", "x.y.example.com:8443", "x.y.example.com:*"]"#,
            r#"["wiki.example.org", "wiki.example.org:*"]"#,
        ] {
            let line = format!("domains: {domains}\n");
            assert!(yaml.contains(&line), "{domains} in {yaml}");
        }
        let plain = r#""*.example.com", "*.example.com:80", "wiki.example.com", "#;
        assert!(yaml.contains(plain), "{yaml}");
    }

    #[test]
    fn applications_that_one_envoy_cannot_tell_apart_are_refused() {
        let error = |applications: &[Guarded]| yaml(applications, "/key").unwrap_err().to_string();
        let team = [guarded("wiki", "a", "https://team.example.com:8443/wiki")];
        assert!(error(&team).contains("the team domain's hostname"));
        let ports = [
            guarded("one", "a", "https://x.example.com"),
            guarded("two", "b", "https://x.example.com:8443"),
        ];
        assert!(error(&ports).contains("one and two are both at x.example.com"));
    }
}
