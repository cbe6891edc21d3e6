//! Streams over HTTP/1.1, as browsers open them.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use portcullis_demo::browser::Browser;
use portcullis_demo::envoy::Envoy;
use portcullis_e2e::bootstrap::QUIET;
use portcullis_e2e::connection::Connection;
use portcullis_e2e::request::Request;
use portcullis_e2e::stand::REVOCATION_LIMIT;
use portcullis_e2e::workers::taken;
use portcullis_e2e::{Application, Stand};

/// All of so many at one of two workers are less likely than one in a thousand million.
const CONNECTIONS: usize = 10;

/// What is opened.
#[derive(Debug, Clone, Copy)]
pub enum What {
    /// Server-sent events.
    Events,
    /// The same events, asked for as if they were a long download.
    Download,
    /// A WebSocket.
    WebSocket,
}

pub const ALL: [What; 3] = [What::Events, What::Download, What::WebSocket];

impl What {
    /// The request that opens it.
    pub fn request(self, cookies: &str, path_suffix: &str) -> Request {
        let request = match self {
            Self::Events => Request::new("GET", format!("/events{path_suffix}"))
                .with("accept", "text/event-stream"),
            Self::Download => {
                Request::new("GET", format!("/events{path_suffix}")).with("accept", "*/*")
            }
            Self::WebSocket => Request::new("GET", format!("/ws{path_suffix}"))
                .with("upgrade", "websocket")
                .with("connection", "Upgrade")
                .with("sec-websocket-version", "13")
                .with("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        };
        request.with("cookie", cookies)
    }

    /// Opens it over a connection.
    pub fn open(self, mut connection: Connection, request: &[u8]) -> Result<Connection> {
        connection.write(request)?;
        let answer = connection.read_head()?;
        let expected = match self {
            Self::WebSocket => 101,
            Self::Events | Self::Download => 200,
        };
        ensure!(answer.status == expected, "{self:?}: {}", answer.status);
        Ok(connection)
    }
}

/// The cookies that a browser sends to an application.
pub fn cookies(browser: &Browser, application: &Application) -> String {
    let pairs = browser.jar.of(&application.host);
    let pairs: Vec<_> = pairs
        .map(|cookie| format!("{}={}", cookie.name, cookie.value))
        .collect();
    pairs.join("; ")
}

/// How long it takes until the other side ends a connection, with or without a TLS farewell, from
/// `since` on.
pub fn until_cut(connection: &mut Connection, since: Instant, limit: Duration) -> Result<Duration> {
    // A stream on which nothing comes ends this by an error.
    while !connection.read_some()?.is_empty() {
        ensure!(since.elapsed() < limit, "still open after {limit:?}");
    }
    let took = since.elapsed();
    ensure!(took < limit, "cut after {took:?} only");
    Ok(took)
}

/// Opens so many of each kind at an Envoy that each of its workers has some.
pub fn open_in_every_worker(
    stand: &Stand,
    envoy: &Envoy,
    application: &Application,
    cookies: &str,
) -> Result<Vec<Connection>> {
    let port = envoy.admin().listener(QUIET)?.port();
    let before = taken(envoy)?;
    let mut open = Vec::new();
    for _ in 0..CONNECTIONS {
        open.extend(open_all(stand, port, application, cookies)?);
    }
    let after = taken(envoy)?;
    let at_all = after
        .iter()
        .all(|(name, count)| Some(count) > before.get(name));
    ensure!(at_all, "not every worker has taken a connection: {after:?}");
    Ok(open)
}

/// How long it takes until the last of some connections is ended, from `since` on.
pub fn until_all_cut<'a>(
    open: impl IntoIterator<Item = &'a mut Connection>,
    since: Instant,
) -> Result<Duration> {
    let mut slowest = Duration::ZERO;
    for connection in open {
        slowest = slowest.max(until_cut(connection, since, REVOCATION_LIMIT)?);
    }
    Ok(slowest)
}

/// Opens one of each kind on a listener.
pub fn open_all(
    stand: &Stand,
    port: u16,
    application: &Application,
    cookies: &str,
) -> Result<Vec<Connection>> {
    let authority = &stand.deployment.certificates.authority;
    ALL.into_iter()
        .map(|what| {
            let request = what.request(cookies, "").http1(application.authority());
            let connection = Connection::open(port, &application.host, authority)?;
            what.open(connection, &request)
        })
        .collect()
}
