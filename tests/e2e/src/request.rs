//! A request of one's own making, sent over HTTP/1.1 or HTTP/2 on a new connection.

use std::fmt;
use std::net::Ipv4Addr;
use std::path::Path;

use anyhow::{Context, Result};

use crate::connection::{Answer, Connection};
use crate::{Application, Stand, http2};

/// Both are tried wherever it might matter: Envoy hands their heads to the filter differently.
pub const PROTOCOLS: [Protocol; 2] = [Protocol::Http1, Protocol::Http2];

/// A version of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2.
    Http2,
}

/// A request; nothing in it is put right on the way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: String,
    /// Path and query.
    pub target: Vec<u8>,
    /// Names and values, in order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub body: Vec<u8>,
}

/// Where requests go in.
#[derive(Debug, Clone, Copy)]
pub struct Door<'a> {
    /// The port.
    pub port: u16,
    /// The name in TLS.
    pub host: &'a str,
    /// What `host` or `:authority` says.
    pub authority: &'a str,
    /// The authority to trust, PEM.
    pub certificates: &'a Path,
}

impl Request {
    /// A request without headers and body.
    #[must_use]
    pub fn new(method: &str, target: impl AsRef<[u8]>) -> Self {
        Self {
            method: method.to_owned(),
            target: target.as_ref().to_vec(),
            ..Self::default()
        }
    }

    /// A GET that says to be a script's.
    #[must_use]
    pub fn sub_request(target: impl AsRef<[u8]>) -> Self {
        Self::new("GET", target).with("x-requested-with", "XMLHttpRequest")
    }

    /// A page that a user opens by typing its address.
    #[must_use]
    pub fn navigation(target: impl AsRef<[u8]>) -> Self {
        Self::new("GET", target)
            .with("sec-fetch-mode", "navigate")
            .with("sec-fetch-dest", "document")
            .with("sec-fetch-site", "none")
    }

    /// With one more header field.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers
            .push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// The bytes of HTTP/1.1 (RFC 9112).
    #[must_use]
    pub fn http1(&self, authority: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut line = |parts: &[&[u8]]| {
            bytes.extend(parts.concat());
            bytes.extend(b"\r\n");
        };
        line(&[self.method.as_bytes(), b" ", &self.target, b" HTTP/1.1"]);
        line(&[b"Host: ", authority.as_bytes()]);
        for (name, value) in &self.headers {
            line(&[name.as_bytes(), b": ", value]);
        }
        if !self.body.is_empty() {
            line(&[format!("Content-Length: {}", self.body.len()).as_bytes()]);
        }
        line(&[]);
        bytes.extend(&self.body);
        bytes
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http1 => "HTTP/1.1",
            Self::Http2 => "HTTP/2",
        })
    }
}

impl Stand {
    /// The way in to an application.
    #[must_use]
    pub fn door<'a>(&'a self, application: &'a Application) -> Door<'a> {
        Door {
            port: self.deployment.port(),
            host: &application.host,
            authority: application.authority(),
            certificates: &self.deployment.certificates.authority,
        }
    }

    /// Sends a request to an application.
    ///
    /// # Errors
    /// When it cannot be sent, or no answer comes.
    pub fn ask(
        &self,
        application: &Application,
        protocol: Protocol,
        request: &Request,
    ) -> Result<Answer> {
        self.door(application).ask(protocol, request)
    }
}

impl Door<'_> {
    /// Sends a request.
    ///
    /// # Errors
    /// As [`Stand::ask`].
    pub fn ask(&self, protocol: Protocol, request: &Request) -> Result<Answer> {
        match protocol {
            Protocol::Http1 => {
                let mut connection = Connection::open(self.port, self.host, self.certificates)?;
                connection.write(&request.http1(self.authority))?;
                // A response to HEAD has no body, even if its head announces one (RFC 9112, section 6.3).
                match request.method.as_str() {
                    "HEAD" => connection.read_head(),
                    _ => connection.read_answer(),
                }
            }
            Protocol::Http2 => {
                let answers = http2::send(self, std::slice::from_ref(request))?;
                answers.into_iter().next().context("no answer")?
            }
        }
    }

    /// As [`Self::ask_at_once`], from an address of this machine.
    ///
    /// # Errors
    /// As [`Self::ask_at_once`].
    pub fn ask_at_once_from(&self, address: Ipv4Addr, requests: &[Request]) -> Result<Vec<Answer>> {
        http2::send_from(address, self, requests)?
            .into_iter()
            .collect()
    }

    /// Sends all requests at once, over one HTTP/2 connection.
    ///
    /// # Errors
    /// When the connection breaks, or one is not answered.
    pub fn ask_at_once(&self, requests: &[Request]) -> Result<Vec<Answer>> {
        http2::send(self, requests)?.into_iter().collect()
    }
}
