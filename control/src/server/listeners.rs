//! The listeners: the team domain, the filter API, the control socket, and the metrics if wanted.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, UnixListener};
use tokio::task::JoinSet;

use super::connections::{self, Limits};
use super::data_dir::DataDir;
use super::error::StartError;
use crate::config::settings::ServerConfig;
use crate::service::Service;
use crate::{control_socket, filter_api, metrics, team_domain};

/// Must be longer than a proxy keeps an unused connection (`idle_timeout` in Envoy). Otherwise the
/// proxy could send a request on a connection that is being closed.
const HEAD_WITHIN: Duration = Duration::from_secs(30);
/// The team domain stands behind a proxy, which shares its connections among users.
const PEOPLE: Limits = Limits {
    connections: 512,
    head_within: HEAD_WITHIN,
};
/// Every Envoy has a long poll open, and makes calls besides.
const FILTERS: Limits = Limits {
    connections: 16_384,
    head_within: HEAD_WITHIN,
};

/// Prometheus, its replica, and probes of health.
const METRICS: Limits = Limits {
    connections: 64,
    head_within: HEAD_WITHIN,
};

/// The listeners, bound but not yet served.
pub struct Listeners {
    /// The address of the team domain.
    pub listen: SocketAddr,
    /// The address of the filter API.
    pub filters: SocketAddr,
    /// The address of the metrics.
    pub metrics: Option<SocketAddr>,
    team_domain: TcpListener,
    filter_api: TcpListener,
    metrics_listener: Option<TcpListener>,
    control_socket: UnixListener,
}

impl Listeners {
    /// Binds all of them.
    pub async fn bind(config: &ServerConfig, data_dir: &DataDir) -> Result<Self, StartError> {
        let (team_domain, listen) = bind(config.listen, "server.listen").await?;
        let (filter_api, filters) = bind(config.filters, "server.filters").await?;
        let (metrics_listener, metrics) = match config.metrics {
            Some(address) => {
                let (listener, bound) = bind(address, "server.metrics").await?;
                (Some(listener), Some(bound))
            }
            None => (None, None),
        };
        Ok(Self {
            listen,
            filters,
            metrics,
            team_domain,
            filter_api,
            metrics_listener,
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
        if let Some(listener) = self.metrics_listener {
            let metrics = metrics::listener::router(Arc::clone(service));
            tasks.spawn(connections::serve((listener, METRICS), metrics, stopped()));
        }
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
