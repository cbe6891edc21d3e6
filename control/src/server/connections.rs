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
use tokio::net::unix::SocketAddr as UnixAddr;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::task::JoinSet;

use crate::system::os_user::PeerUser;
use deadlines::{TimedBody, TimedWrites};
use room::{Place, Room};

pub use limits::Limits;

/// How soon it tries again to accept when it cannot.
const ACCEPT_AGAIN: Duration = Duration::from_secs(1);

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

    /// Accepts a connection, or says why it cannot.
    fn accept_or_fail(
        &mut self,
    ) -> impl Future<Output = std::io::Result<(Self::Io, Self::Addr)>> + Send;

    /// The user on the other end, if it is on this machine.
    fn user(connection: &Self::Io) -> Option<PeerUser>;

    /// Prepares a connection.
    fn prepare(connection: &Self::Io);
}

impl Door for TcpListener {
    fn peer(address: &SocketAddr) -> Option<SocketAddr> {
        Some(*address)
    }

    async fn accept_or_fail(&mut self) -> std::io::Result<(TcpStream, SocketAddr)> {
        TcpListener::accept(self).await
    }

    fn user(_: &TcpStream) -> Option<PeerUser> {
        None
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

    async fn accept_or_fail(&mut self) -> std::io::Result<(UnixStream, UnixAddr)> {
        UnixListener::accept(self).await
    }

    fn user(stream: &UnixStream) -> Option<PeerUser> {
        let credentials = stream.peer_cred().ok()?;
        Some(PeerUser(credentials.uid()))
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
            next = next(&mut listener) => next,
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
        let ends = (peer, D::user(&stream));
        let answers = answers(router, ends, (Arc::clone(&place), limits.body_within));
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

/// The next connection. Without descriptors for one, it waits: some connection will end.
async fn next<D: Door>(listener: &mut D) -> (D::Io, D::Addr) {
    loop {
        match listener.accept_or_fail().await {
            Ok(accepted) => return accepted,
            Err(error) if is_of_the_client(&error) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be accepted; see the limit of open files");
                tokio::time::sleep(ACCEPT_AGAIN).await;
            }
        }
    }
}

fn is_of_the_client(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

/// The router for one connection, whose requests carry the peer's address or user.
fn answers(
    router: &Router,
    (peer, user): (Option<SocketAddr>, Option<PeerUser>),
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
        if let Some(user) = user {
            request.extensions_mut().insert(user);
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
