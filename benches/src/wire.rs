//! HTTP/1.1 by hand over one connection, with TLS or without: what is measured is when an answer
//! comes, or a connection ends, and on which connection.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// Longer than any answer takes, even of a worker that takes over a million revocations.
const LIMIT: Duration = Duration::from_secs(60);

trait Duplex: Read + Write + Send {}
impl<T: Read + Write + Send> Duplex for T {}

/// An open connection.
pub struct Connection {
    stream: Box<dyn Duplex>,
    socket: TcpStream,
    received: Vec<u8>,
}

/// An answer's head.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    head: String,
}

impl Answer {
    /// The first value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).next()
    }

    /// All values of a header, by its name in lower case.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        let fields = self.head.lines().skip(1).filter_map(|l| l.split_once(':'));
        let named = fields.filter(move |(other, _)| other.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.trim())
    }
}

/// What trusts one authority, given as a PEM file.
///
/// # Errors
/// When the file does not read.
pub fn trusting(authority: &Path) -> Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority)?)?;
    let config = ClientConfig::builder().with_root_certificates(roots);
    Ok(Arc::new(config.with_no_client_auth()))
}

impl Connection {
    /// Connects without TLS.
    ///
    /// # Errors
    /// When the port is closed.
    pub fn plain(address: SocketAddr) -> Result<Self> {
        let socket = connect(address)?;
        Ok(Self {
            stream: Box::new(socket.try_clone()?),
            socket,
            received: Vec::new(),
        })
    }

    /// Connects to a port of this machine as to `host`.
    ///
    /// # Errors
    /// When the port is closed, or TLS fails.
    pub fn secure(port: u16, host: &str, trust: &Arc<ClientConfig>) -> Result<Self> {
        let socket = connect((Ipv4Addr::LOCALHOST, port).into())?;
        let name = ServerName::try_from(host.to_owned())?;
        let session = ClientConnection::new(Arc::clone(trust), name)?;
        let mut stream = StreamOwned::new(session, socket.try_clone()?);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(Self {
            stream: Box::new(stream),
            socket,
            received: Vec::new(),
        })
    }

    /// Sends a request and reads the whole answer, of which the head is returned.
    ///
    /// # Errors
    /// When the connection breaks, or the answer has no length.
    pub fn ask(&mut self, request: &str) -> Result<Answer> {
        let (answer, length) = self.receive_all(request)?;
        self.received.drain(..length);
        Ok(answer)
    }

    /// The same, with the answer's text.
    ///
    /// # Errors
    /// As [`Self::ask`], or when it is no text.
    pub fn read(&mut self, request: &str) -> Result<(Answer, String)> {
        let (answer, length) = self.receive_all(request)?;
        let body = self.received.drain(..length).collect();
        Ok((answer, String::from_utf8(body)?))
    }

    /// The answer's head, and how many of the bytes that came are its body.
    fn receive_all(&mut self, request: &str) -> Result<(Answer, usize)> {
        let answer = self.begin(request)?;
        let length = answer.header("content-length");
        let length: usize = length.context("an answer without length")?.parse()?;
        while self.received.len() < length {
            ensure!(self.receive()? > 0, "the connection ended within an answer");
        }
        Ok((answer, length))
    }

    /// Reads on until a text has come, and says when; `None` if it has not after `limit`, or will not.
    ///
    /// # Errors
    /// When the connection breaks.
    pub fn wait_for(&mut self, text: &str, limit: Duration) -> Result<Option<Instant>> {
        let deadline = Instant::now() + limit;
        let has_come = |received: &[u8]| {
            let mut parts = received.windows(text.len());
            parts.any(|part| part == text.as_bytes())
        };
        while !has_come(&self.received) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            self.socket.set_read_timeout(Some(left))?;
            match self.receive() {
                Ok(0) => return Ok(None),
                Ok(_) => {}
                Err(error) if is_timeout(&error) => return Ok(None),
                Err(error) => bail!(error),
            }
        }
        Ok(Some(Instant::now()))
    }

    /// Sends a request and reads the answer's head; what follows may never end.
    ///
    /// # Errors
    /// When the connection breaks.
    pub fn begin(&mut self, request: &str) -> Result<Answer> {
        self.stream.write_all(request.as_bytes())?;
        self.stream.flush()?;
        loop {
            if let Some(end) = self.received.windows(4).position(|w| w == b"\r\n\r\n") {
                let head: Vec<u8> = self.received.drain(..end + 4).collect();
                let head = String::from_utf8(head)?;
                let status = head.split(' ').nth(1).context("no status")?.parse()?;
                return Ok(Answer { status, head });
            }
            ensure!(self.receive()? > 0, "the connection ended before an answer");
        }
    }

    /// Reads on until the other side ends the connection; `None` if it has not after `limit`.
    ///
    /// # Errors
    /// When the connection breaks in another way.
    pub fn end(&mut self, limit: Duration) -> Result<Option<Instant>> {
        let deadline = Instant::now() + limit;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            self.socket.set_read_timeout(Some(left))?;
            match self.receive() {
                Ok(0) => return Ok(Some(Instant::now())),
                Ok(_) => self.received.clear(),
                Err(error) if is_timeout(&error) => return Ok(None),
                Err(error) => bail!(error),
            }
        }
    }

    /// How many bytes came; 0 at the end. A peer that resets, or does not say goodbye in TLS, has
    /// ended the connection too.
    fn receive(&mut self) -> std::io::Result<usize> {
        let mut buffer = [0; 16 * 1024];
        let count = match self.stream.read(&mut buffer) {
            Ok(count) => count,
            Err(error) if is_end(&error) => 0,
            Err(error) => return Err(error),
        };
        self.received.extend(buffer.iter().take(count));
        Ok(count)
    }
}

fn connect(address: SocketAddr) -> Result<TcpStream> {
    let socket = TcpStream::connect(address)?;
    socket.set_read_timeout(Some(LIMIT))?;
    socket.set_write_timeout(Some(LIMIT))?;
    socket.set_nodelay(true)?;
    Ok(socket)
}

fn is_end(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof
    )
}

fn is_timeout(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}
