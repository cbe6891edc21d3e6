//! HTTP/1.1 over TLS, byte for byte: what a well-behaved client would put right, an attacker
//! would not.

mod body;

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// Longer than anything takes that works.
const LIMIT: Duration = Duration::from_secs(30);
const MOST_HEADERS: usize = 100;

/// An open connection.
#[derive(Debug)]
pub struct Connection {
    stream: StreamOwned<ClientConnection, TcpStream>,
    received: Vec<u8>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Names, in lower case, and values.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, without its framing.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first value of a header, as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let value = self.headers.iter().find(|(other, _)| other == name);
        value.and_then(|(_, value)| str::from_utf8(value).ok())
    }
}

impl Connection {
    /// Connects to a port of this machine as to `host`, trusting the authority in a PEM file.
    ///
    /// # Errors
    /// When the port is closed or TLS fails.
    pub fn open(port: u16, host: &str, authority: &Path) -> Result<Self> {
        let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        socket.set_read_timeout(Some(LIMIT))?;
        socket.set_write_timeout(Some(LIMIT))?;
        socket.set_nodelay(true)?;
        let name = ServerName::try_from(host.to_owned())?;
        let session = ClientConnection::new(Arc::new(tls(authority, b"http/1.1")?), name)?;
        let mut stream = StreamOwned::new(session, socket);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(Self {
            stream,
            received: Vec::new(),
        })
    }

    /// Sends a whole request and reads the whole answer.
    ///
    /// # Errors
    /// When the connection breaks, or the answer is not HTTP.
    pub fn send(&mut self, request: &[u8]) -> Result<Answer> {
        self.write(request)?;
        self.read_answer()
    }

    /// Sends bytes.
    ///
    /// # Errors
    /// When the connection breaks.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.write_all(bytes)?;
        Ok(self.stream.flush()?)
    }

    /// Reads an answer with its body.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub fn read_answer(&mut self) -> Result<Answer> {
        let mut answer = self.read_head()?;
        answer.body = self.read_body(&answer)?;
        Ok(answer)
    }

    /// Reads an answer's head, and leaves what follows to [`Self::read_some`].
    ///
    /// # Errors
    /// As [`Self::send`].
    pub fn read_head(&mut self) -> Result<Answer> {
        loop {
            if let Some((length, answer)) = parse_head(&self.received)? {
                self.received.drain(..length);
                return Ok(answer);
            }
            self.receive()?;
        }
    }

    /// Bytes as they come, raw; empty when the other side has ended the connection.
    ///
    /// # Errors
    /// When it broke otherwise, or nothing comes.
    pub fn read_some(&mut self) -> Result<Vec<u8>> {
        if self.received.is_empty() && self.receive_or_end()? == 0 {
            return Ok(Vec::new());
        }
        Ok(std::mem::take(&mut self.received))
    }

    fn receive(&mut self) -> Result<()> {
        match self.receive_or_end()? {
            0 => bail!("the connection ended within an answer"),
            _ => Ok(()),
        }
    }

    /// How many bytes came; 0 at the end, however it came about.
    fn receive_or_end(&mut self) -> Result<usize> {
        let mut buffer = [0; 16 * 1024];
        let count = match self.stream.read(&mut buffer) {
            Ok(count) => count,
            Err(error) if is_end(&error) => 0,
            Err(error) => return Err(error).context("no answer"),
        };
        self.received.extend(buffer.iter().take(count));
        Ok(count)
    }
}

/// A peer that resets, or forgets to say goodbye in TLS, has ended the connection too.
fn is_end(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionReset | UnexpectedEof)
}

/// TLS that trusts one authority and speaks one protocol (RFC 7301).
pub(crate) fn tls(authority: &Path, protocol: &[u8]) -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(&fs::read(authority)?)?)?;
    let mut config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    Ok(config)
}

/// The head's length and what it says, if it is all there.
fn parse_head(bytes: &[u8]) -> Result<Option<(usize, Answer)>> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut head = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(length) = head.parse(bytes)? else {
        return Ok(None);
    };
    let answer = Answer {
        status: head.code.context("an answer without status")?,
        headers: head
            .headers
            .iter()
            .map(|header| (header.name.to_ascii_lowercase(), header.value.to_vec()))
            .collect(),
        body: Vec::new(),
    };
    Ok(Some((length, answer)))
}
