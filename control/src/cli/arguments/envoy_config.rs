//! `envoy-config`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::Args;

use crate::applications::Upstream;

/// `envoy-config`.
#[derive(Debug, Args)]
pub struct EnvoyConfigOptions {
    /// The certificate chain for the team domain and all applications, PEM
    #[arg(long, value_name = "FILE", default_value = "/etc/envoy/tls.crt")]
    pub certificate: PathBuf,

    /// Its private key, PEM
    #[arg(long, value_name = "FILE", default_value = "/etc/envoy/tls.key")]
    pub key: PathBuf,

    /// The filter; by default the one that was installed with this program, else
    /// /etc/envoy/portcullis.wasm
    #[arg(long, value_name = "FILE")]
    pub module: Option<PathBuf>,

    /// Where Envoy listens, as in 127.0.0.1:8443; by default on all addresses, at the team domain's
    /// port. Browsers use the ports of the team domain and of the applications' origins, so another
    /// port is for a proxy in front of Envoy
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,

    /// Redirect plain HTTP at this port to HTTPS
    #[arg(long, value_name = "PORT")]
    pub redirect_port: Option<u16>,

    /// Where to answer the health checks of load balancers and kubelets by plain HTTP, also by
    /// address and in HTTP/1.0: `/.access/live` and `/.access/ready`. Without it only the HTTPS
    /// listener answers them
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub health: Option<SocketAddr>,

    /// Serve HTTP/3 too, at the same port over UDP
    #[arg(long)]
    pub http3: bool,

    /// Where Envoy's admin endpoint listens; port 0 is a free one
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value_t = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0)
    )]
    pub admin: SocketAddr,

    /// Where Envoy writes its access log
    #[arg(long, value_name = "FILE", default_value = "/dev/stdout")]
    pub access_log: PathBuf,

    /// Reach the control service by TLS at this host and port, where a proxy serves both of its
    /// listeners: needed where Envoy runs on another machine
    #[arg(long, value_name = "HOST:PORT", value_parser = tls_server)]
    pub control_address: Option<Upstream>,

    /// Who issued the certificate at --control-address, PEM; by default the system's authorities
    #[arg(long, value_name = "FILE", requires = "control_address")]
    pub control_ca: Option<PathBuf>,

    /// Envoy's own certificate for --control-address, PEM
    #[arg(long, value_name = "FILE", requires_all = ["control_address", "control_key"])]
    pub control_cert: Option<PathBuf>,

    /// Its private key, PEM
    #[arg(long, value_name = "FILE", requires = "control_cert")]
    pub control_key: Option<PathBuf>,

    /// Send an application's requests to this server, whatever its own upstream is; `*` is for
    /// hosts that no application names
    #[arg(long, value_name = "NAME=URL", num_args(1..), value_parser = upstream_of)]
    pub upstream: Vec<UpstreamOf>,
}

/// `NAME=URL`.
#[derive(Debug, Clone)]
pub struct UpstreamOf {
    /// The application's name.
    pub application: String,
    /// The server.
    pub upstream: Upstream,
}

fn tls_server(text: &str) -> Result<Upstream, String> {
    let server: Upstream = format!("https://{text}")
        .parse()
        .map_err(|_| "must be HOST:PORT, as control.example.com:8443")?;
    Ok(server)
}

fn upstream_of(text: &str) -> Result<UpstreamOf, String> {
    // A name may hold `=`; a URL without path and query does not.
    let (name, url) = text
        .rsplit_once('=')
        .ok_or("must be NAME=URL, as wiki=http://127.0.0.1:3000")?;
    Ok(UpstreamOf {
        application: name.to_owned(),
        upstream: url.parse().map_err(|error| format!("{url} {error}"))?,
    })
}
