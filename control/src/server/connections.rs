//! Serves a listener within limits, so that slow clients cannot exhaust memory or file descriptors:
//! a limit on open connections, beyond which new ones wait in the system's queue, and one on the
//! time for the head of a request. The time for a response is not limited, because of long polls.

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
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// The limits of a listener.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The most open connections.
    pub connections: usize,
    /// How long a client may take for the head of a request, counted from its connection or the
    /// previous response.
    pub head_within: Duration,
}

/// Serves until `stopped`, then waits for open requests.
///
/// # Errors
/// Never: errors concern single connections.
pub async fn serve(
    (mut listener, limits): (TcpListener, Limits),
    router: Router,
    stopped: impl Future<Output = ()>,
) -> std::io::Result<()> {
    let room = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let mut stopped = pin!(stopped);
    loop {
        let next = async {
            let permit = Arc::clone(&room).acquire_owned().await;
            (permit, Listener::accept(&mut listener).await)
        };
        let (permit, (stream, peer)) = tokio::select! {
            () = &mut stopped => break,
            Some(_) = connections.join_next() => continue,
            next = next => next,
        };
        let connection = graceful.watch(connection(stream, of(&router, peer), limits));
        connections.spawn(async move {
            let _permit = permit;
            if let Err(error) = connection.await {
                tracing::debug!(%error, %peer, "connection ended");
            }
        });
    }
    drop(listener);
    graceful.shutdown().await;
    Ok(())
}

fn connection<S>(
    stream: TcpStream,
    service: S,
    limits: Limits,
) -> http1::Connection<TokioIo<TcpStream>, S>
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible>,
{
    // A revocation must not wait until a packet is full.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_within)
        .serve_connection(TokioIo::new(stream), service)
}

/// The router for one connection, whose requests carry the peer's address.
fn of(
    router: &Router,
    peer: SocketAddr,
) -> impl Service<
    Request<Incoming>,
    Response = Response<Body>,
    Error = Infallible,
    Future: Send + 'static,
> + Send
+ 'static {
    let router = TowerToHyperService::new(router.clone());
    service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        router.call(request)
    })
}

#[cfg(test)]
mod tests;
