//! The listeners: the team domain, the filter API, the control socket, and the metrics if wanted.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, UnixListener};
use tokio::task::JoinSet;

use super::connections::{Limits, Served, serve};
use super::data_dir::DataDir;
use super::error::StartError;
use super::open_files;
use crate::config::settings::ServerConfig;
use crate::service::Service;
use crate::{control_socket, filter_api, health, metrics, team_domain};

/// Must be longer than a proxy keeps an unused connection (`idle_timeout` in Envoy). Otherwise the
/// proxy could send a request on a connection that is being closed.
const HEAD_WITHIN: Duration = Duration::from_secs(30);
/// Bodies are a few kilobytes, and proxies on slow lines take no longer for a page.
const BODY_WITHIN: Duration = Duration::from_secs(10);
/// The team domain stands behind a proxy, which shares its connections among users.
const PEOPLE: Limits = Limits {
    connections: 512,
    of_one_address: 256,
    head_within: HEAD_WITHIN,
    body_within: BODY_WITHIN,
};
/// Every Envoy has a long poll open, and makes calls besides.
const FILTERS: Limits = Limits {
    connections: 16_384,
    of_one_address: 8_192,
    head_within: HEAD_WITHIN,
    // A snapshot can have many megabytes.
    body_within: Duration::from_secs(30),
};

/// Prometheus, its replica, and probes of health.
const METRICS: Limits = Limits {
    connections: 64,
    of_one_address: 48,
    head_within: HEAD_WITHIN,
    body_within: BODY_WITHIN,
};

/// Programs of the service's own user.
const CONTROL_SOCKET: Limits = Limits {
    connections: 512,
    of_one_address: 512,
    head_within: HEAD_WITHIN,
    body_within: BODY_WITHIN,
};

/// How many eighths of the connections that the limit of open files allows the listener for filters may
/// have, and each of the others.
const OF_FILTERS: usize = 5;
const OF_EACH_OTHER: usize = 1;

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
        let served = |router| Served {
            router,
            health: health::alone(Arc::clone(service)),
            proxies: service.config.server.trusted_proxies.clone(),
        };
        let all = open_files::raise();
        let people = served(team_domain::router(Arc::clone(service)));
        tasks.spawn(serve(
            (self.team_domain, PEOPLE.within(all, OF_EACH_OTHER)),
            people,
            stopped(),
        ));
        let filters = served(filter_api::router(Arc::clone(service)));
        let limits = FILTERS.within(all, OF_FILTERS);
        tasks.spawn(serve((self.filter_api, limits), filters, stopped()));
        if let Some(listener) = self.metrics_listener {
            let metrics = served(metrics::listener::router(Arc::clone(service)));
            let limits = METRICS.within(all, OF_EACH_OTHER);
            tasks.spawn(serve((listener, limits), metrics, stopped()));
        }
        let commands = served(control_socket::router(Arc::clone(service)));
        let socket = (
            self.control_socket,
            CONTROL_SOCKET.within(all, OF_EACH_OTHER),
        );
        tasks.spawn(serve(socket, commands, stopped()));
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
