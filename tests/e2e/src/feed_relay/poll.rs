//! Requests of a filter, and what a poll among them says of the filter's position.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};

use serde_json::{Value, json};

use super::Conduct;

const HEAD_END: &[u8] = b"\r\n\r\n";

/// A poll of the feed.
#[derive(Debug, Clone)]
pub struct Poll {
    /// The epoch that the filter holds.
    pub epoch: String,
    /// The version that it holds.
    pub after: u64,
    /// The page that it asks for.
    pub next: Option<String>,
    /// Who polls.
    pub instance: String,
    /// The version that all have applied for whom it polls.
    pub applied: Option<u64>,
    /// The first page that the service ever sent here, with its HTTP head.
    pub first_page: Vec<u8>,
}

impl Poll {
    /// The poll in a request; `None` if it is another call.
    pub(super) fn of(request: &[u8], first_page: impl FnOnce() -> Vec<u8>) -> Option<Self> {
        let head = String::from_utf8_lossy(request);
        let query = head.split(' ').nth(1)?.split_once("/feed?")?.1;
        let of = |name: &str| {
            url::form_urlencoded::parse(query.as_bytes())
                .find(|(other, _)| other == name)
                .map(|(_, value)| value.into_owned())
        };
        Some(Self {
            epoch: of("epoch").unwrap_or_default(),
            after: of("after")
                .and_then(|after| after.parse().ok())
                .unwrap_or_default(),
            next: of("next"),
            instance: of("instance").unwrap_or_default(),
            applied: of("applied").and_then(|applied| applied.parse().ok()),
            first_page: first_page(),
        })
    }

    /// The page that follows on what the filter holds, with fields changed or added.
    #[must_use]
    pub fn delta(&self, changes: &Value) -> Value {
        let mut page = json!({
            "epoch": self.epoch, "kind": "delta", "after": self.after, "version": self.after + 1,
            "next": null, "now": 1_795_450_380u64,
        });
        if let (Some(page), Some(changes)) = (page.as_object_mut(), changes.as_object()) {
            page.extend(changes.clone());
        }
        page
    }
}

impl Conduct {
    /// A page.
    #[must_use]
    pub fn page(page: &Value) -> Self {
        Self::text("200 OK", "application/json", &page.to_string())
    }

    /// A status, a type and a body.
    #[must_use]
    pub fn text(status: &str, content_type: &str, body: &str) -> Self {
        let length = body.len();
        Self::Send(
            format!(
                "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\n\
                 content-length: {length}\r\nconnection: close\r\n\r\n{body}"
            )
            .into_bytes(),
        )
    }
}

/// Head and body of a request.
///
/// # Errors
/// When the connection ends before.
pub fn read_request(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = client.read(&mut buffer)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        request.extend(buffer.iter().take(count));
        if request.len() >= length(&request).unwrap_or(usize::MAX) {
            return Ok(request);
        }
    }
}

/// How long a request is, once its head is there.
fn length(request: &[u8]) -> Option<usize> {
    let head = request
        .windows(HEAD_END.len())
        .position(|four| four == HEAD_END)?;
    let text = String::from_utf8_lossy(request.get(..head)?).to_ascii_lowercase();
    let body = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .and_then(|value| value.trim().parse().ok())
        .unwrap_or(0);
    Some(head + HEAD_END.len() + body)
}

/// Sends a request to a port of this machine, on a connection that ends with the answer.
///
/// # Errors
/// When the port is closed.
pub fn forward(request: &[u8], service: u16) -> io::Result<TcpStream> {
    let mut upstream = TcpStream::connect((Ipv4Addr::LOCALHOST, service))?;
    let line = request
        .windows(2)
        .position(|two| two == b"\r\n")
        .unwrap_or(0);
    let (first, rest) = request.split_at_checked(line).unwrap_or((request, b""));
    upstream.write_all(&[first, b"\r\nconnection: close", rest].concat())?;
    Ok(upstream)
}
