//! The three listeners: people, filters, the CLI.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, UnixListener};
use tokio::task::JoinSet;

use super::StartError;
use super::connections::{self, Limits};
use super::data_dir::DataDir;
use crate::config::Server;
use crate::service::Service;
use crate::{control_socket, filter_api, team_domain};

/// Longer than a proxy should keep a connection that it does not use (`idle_timeout` in Envoy): else
/// it could send a request into one that closes.
const HEAD_WITHIN: Duration = Duration::from_secs(30);
/// Behind a proxy, which shares its connections among people.
const PEOPLE: Limits = Limits {
    connections: 512,
    head_within: HEAD_WITHIN,
};
/// Every worker of every Envoy has a long poll open, and calls beside it.
const FILTERS: Limits = Limits {
    connections: 16_384,
    head_within: HEAD_WITHIN,
};

/// Listeners that are bound and not yet served.
pub struct Listeners {
    /// Where people come in.
    pub listen: SocketAddr,
    /// Where filters come in.
    pub filters: SocketAddr,
    team_domain: TcpListener,
    filter_api: TcpListener,
    control_socket: UnixListener,
}

impl Listeners {
    /// Binds all of them.
    pub async fn bind(config: &Server, data_dir: &DataDir) -> Result<Self, StartError> {
        let (team_domain, listen) = bind(config.listen, "server.listen").await?;
        let (filter_api, filters) = bind(config.filters, "server.filters").await?;
        Ok(Self {
            listen,
            filters,
            team_domain,
            filter_api,
            control_socket: data_dir.bind_socket()?,
        })
    }

    /// Serves all of them until the service stops.
    pub fn serve(self, service: &Arc<Service>) -> Result<JoinSet<std::io::Result<()>>, StartError> {
        let mut tasks = JoinSet::new();
        let stopped = || {
            let service = Arc::clone(service);
            async move { service.stopped().await }
        };
        let people = team_domain::router(Arc::clone(service));
        tasks.spawn(connections::serve(
            (self.team_domain, PEOPLE),
            people,
            stopped(),
        ));
        let filters = filter_api::router(Arc::clone(service));
        tasks.spawn(connections::serve(
            (self.filter_api, FILTERS),
            filters,
            stopped(),
        ));
        tasks.spawn(
            axum::serve(
                self.control_socket,
                control_socket::router(Arc::clone(service)),
            )
            .with_graceful_shutdown(stopped())
            .into_future(),
        );
        Ok(tasks)
    }
}

async fn bind(
    address: SocketAddr,
    setting: &'static str,
) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen {
        address,
        setting,
        source,
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}
