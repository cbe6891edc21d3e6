//! Why there is no bootstrap.

use crate::envoy_config::EnvoyConfigError;

/// Why no bootstrap was written.
#[derive(Debug, thiserror::Error)]
pub enum NoBootstrap {
    /// Applications have no server.
    #[error(
        "these applications have no upstream, so Envoy would not know where to send their \
         requests: {}\nName one with `application set NAME --upstream URL`, in the configuration \
         file, or with --upstream NAME=URL",
        .0.join(", ")
    )]
    NoUpstream(Vec<String>),
    /// An option names no application.
    #[error("--upstream {0}=…: no application has this name; `application list` shows all")]
    UnknownApplication(String),
    /// The service says no address.
    #[error("cannot read where the service listens: {0}")]
    RunFile(std::io::Error),
    /// The stored settings do not read.
    #[error("the service sent an application that this version cannot read: {0}")]
    Unreadable(String),
    /// The bootstrap.
    #[error(transparent)]
    Bootstrap(#[from] EnvoyConfigError),
}
