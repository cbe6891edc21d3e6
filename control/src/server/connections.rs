//! Serves a listener within limits, so that slow clients cannot exhaust memory or file descriptors,
//! or keep others out: on open connections, on those of one address, and on the whole time for the
//! head and the body of a request and for taking a response. The time until a response begins is
//! not limited, because of long polls.
//!
//! If all connections are being answered, others are still told whether the service is healthy.

mod deadlines;
mod limits;
mod room;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use ipnet::IpNet;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::task::JoinSet;

use deadlines::{TimedBody, TimedWrites};
use room::{Place, Room};

pub use limits::Limits;

/// What a listener serves.
pub struct Served {
    /// Everything.
    pub router: Router,
    /// What is left when there is no room.
    pub health: Router,
    /// Proxies, whose connections carry many clients and have no share of their own.
    pub proxies: Vec<IpNet>,
}

/// A listener for local or remote clients.
pub trait Door: Listener {
    /// The other end, if it has an address.
    fn peer(address: &Self::Addr) -> Option<SocketAddr>;

    /// Prepares a connection.
    fn prepare(connection: &Self::Io);
}

impl Door for TcpListener {
    fn peer(address: &SocketAddr) -> Option<SocketAddr> {
        Some(*address)
    }

    fn prepare(stream: &TcpStream) {
        // A revocation must not wait until a packet is full.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "no TCP_NODELAY");
        }
    }
}

impl Door for UnixListener {
    fn peer(_: &Self::Addr) -> Option<SocketAddr> {
        None
    }

    fn prepare(_: &UnixStream) {}
}

/// Serves until `stopped`, then waits for open requests.
///
/// # Errors
/// Never: errors concern single connections.
pub async fn serve<D: Door>(
    (mut listener, limits): (D, Limits),
    served: Served,
    stopped: impl Future<Output = ()>,
) -> std::io::Result<()> {
    let room = Room::new(limits, served.proxies);
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let mut stopped = pin!(stopped);
    loop {
        let (stream, address) = tokio::select! {
            () = &mut stopped => break,
            Some(_) = connections.join_next() => continue,
            next = Listener::accept(&mut listener) => next,
        };
        let peer = D::peer(&address);
        let Some(place) = room.enter(peer.map(|peer| peer.ip())) else {
            continue;
        };
        let place = Arc::new(place);
        let router = match place.health_only {
            true => &served.health,
            false => &served.router,
        };
        D::prepare(&stream);
        let answers = answers(router, peer, (Arc::clone(&place), limits.body_within));
        let stream = TokioIo::new(TimedWrites::new(stream, limits.body_within));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head_within)
            .keep_alive(!place.health_only)
            .serve_connection(stream, answers);
        let connection = graceful.watch(connection);
        connections.spawn(async move {
            tokio::select! {
                () = place.closed() => tracing::debug!(?peer, "a slow connection made room"),
                ended = connection => if let Err(error) = ended {
                    tracing::debug!(%error, ?peer, "connection ended");
                },
            }
        });
    }
    drop(listener);
    graceful.shutdown().await;
    Ok(())
}

/// The router for one connection, whose requests carry the peer's address.
fn answers(
    router: &Router,
    peer: Option<SocketAddr>,
    (place, body_within): (Arc<Place>, Duration),
) -> impl Service<
    Request<Incoming>,
    Response = Response<Body>,
    Error = Infallible,
    Future: Send + 'static,
> + Send
+ 'static {
    let router = TowerToHyperService::new(router.clone());
    service_fn(move |request: Request<Incoming>| {
        let of_body = Arc::clone(&place);
        let mut request = request.map(|body| TimedBody::new(body, body_within, of_body));
        if let Some(peer) = peer {
            request.extensions_mut().insert(ConnectInfo(peer));
        }
        let (answer, place) = (router.call(request), Arc::clone(&place));
        async move {
            let response = answer.await;
            // The client has to take it.
            place.waiting();
            response
        }
    })
}

#[cfg(test)]
mod tests;
