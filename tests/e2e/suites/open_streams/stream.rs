//! Streams over HTTP/1.1, as browsers open them.

use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use portcullis_demo::browser::Browser;
use portcullis_e2e::connection::Connection;
use portcullis_e2e::request::Request;
use portcullis_e2e::{Application, Stand};

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

/// How long it takes until the other side ends a connection, from `since` on.
pub fn until_cut(connection: &mut Connection, since: Instant, limit: Duration) -> Result<Duration> {
    while since.elapsed() < limit {
        match connection.read_some() {
            Ok(bytes) if !bytes.is_empty() => {}
            // Cut, with or without a TLS farewell.
            Ok(_) | Err(_) => return Ok(since.elapsed()),
        }
    }
    bail!("still open after {limit:?}")
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
