//! `try`.

use clap::Args;

use crate::applications::Upstream;
use crate::local::{DEFAULT_PORT, Hostname};

/// `try`.
#[derive(Debug, Args)]
pub struct TryOptions {
    /// An application to guard, and its server as it is reached from this machine: its address
    /// becomes https://NAME.localhost:8443. One that was named before may be left out
    #[arg(long = "app", value_name = "NAME=URL", num_args(1..), value_parser = application)]
    pub applications: Vec<TryApplication>,

    /// The port on which Envoy listens
    #[arg(long, value_name = "PORT", default_value_t = DEFAULT_PORT,
        value_parser = clap::value_parser!(u16).range(1..))]
    pub port: u16,
}

/// `NAME=URL`.
#[derive(Debug, Clone)]
pub struct TryApplication {
    /// The application's name, and its hostname below `localhost`.
    pub name: Hostname,
    /// The server.
    pub upstream: Upstream,
}

fn application(text: &str) -> Result<TryApplication, String> {
    let (name, url) = text
        .split_once('=')
        .ok_or("must be NAME=URL, as wiki=http://127.0.0.1:3000")?;
    Ok(TryApplication {
        name: name.parse()?,
        upstream: url.parse().map_err(|error| format!("{url} {error}"))?,
    })
}
