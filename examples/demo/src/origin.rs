//! The application behind Envoy: it shows what it received, since that is what matters here.
//!
//! | path | answers |
//! | --- | --- |
//! | `/api/echo`, and anything below it | [`echo::Echo`] as JSON, for any method |
//! | `/api/time` | the time, as JSON; the page asks every few seconds |
//! | `/events` | server-sent events, one a second |
//! | `/ws` | a WebSocket that sends back what it gets |
//! | `/demo.js`, `/demo.css`, `/worker.js`, `/app.webmanifest`, `/icon.svg` | parts of the page |
//! | `/with-script` | the page, with the filter's script |
//! | anything else | the page |

pub mod echo;
mod page;
mod parts;
mod streams;

use std::net::{Ipv4Addr, SocketAddr};
use std::thread;

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{any, get};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

/// Large enough to show what becomes of an upload.
const MOST_BODY_BYTES: usize = 16 << 20;

/// A running origin; dropping it ends it.
#[derive(Debug)]
pub struct Origin {
    address: SocketAddr,
    // An Option so that `drop` can end it without waiting for open event streams.
    runtime: Option<Runtime>,
}

impl Origin {
    /// Serves an application on a free port.
    ///
    /// # Errors
    /// When no port or thread is to be had.
    pub fn start(application: Router) -> Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let listener = runtime
            .block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
            .context("no port for the origin")?;
        let address = listener.local_addr()?;
        runtime.spawn(async move { axum::serve(listener, application).await });
        Ok(Self {
            address,
            runtime: Some(runtime),
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // A runtime may not be dropped where another one runs; a thread of its own always may.
            thread::spawn(move || runtime.shutdown_background());
        }
    }
}

/// The demo application.
pub fn application() -> Router {
    Router::new()
        .route("/api/echo", any(echo::echo))
        .route("/api/echo/{*rest}", any(echo::echo))
        .route("/api/time", get(page::time))
        .route("/events", any(streams::events))
        .route("/ws", any(streams::websocket))
        .route("/demo.js", get(parts::script))
        .route("/demo.css", get(parts::style))
        .route("/worker.js", get(parts::worker))
        .route("/app.webmanifest", get(parts::manifest))
        .route("/icon.svg", get(parts::icon))
        .fallback(page::page)
        .layer(DefaultBodyLimit::max(MOST_BODY_BYTES))
}
