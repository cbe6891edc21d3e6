//! An origin that keeps the request line of every request, and judges nothing: one that refused
//! odd paths would hide what the filter let through.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result, anyhow};

/// Names a request, so that what the origin received can be found.
pub const LABEL: &str = "x-label";

/// What the origin received: the request target under each label.
#[derive(Debug, Clone, Default)]
pub struct Received(Arc<Mutex<HashMap<String, Vec<u8>>>>);

/// A running origin. It serves until the process ends.
#[derive(Debug)]
pub struct RawOrigin {
    /// Its port.
    pub port: u16,
    /// What it received.
    pub received: Received,
}

impl Received {
    /// The target of a labelled request; `None` if it did not come.
    pub fn take(&self, label: &str) -> Option<Vec<u8>> {
        let mut received = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        received.remove(label)
    }

    fn add(&self, label: String, target: Vec<u8>) {
        let mut received = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        received.insert(label, target);
    }
}

/// The one of this process.
///
/// # Errors
/// When it did not start.
pub fn raw_origin() -> Result<&'static RawOrigin> {
    static ORIGIN: LazyLock<Result<RawOrigin>> = LazyLock::new(start);
    ORIGIN.as_ref().map_err(|error| anyhow!("{error:#}"))
}

fn start() -> Result<RawOrigin> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let origin = RawOrigin {
        port: listener.local_addr()?.port(),
        received: Received::default(),
    };
    let received = origin.received.clone();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let received = received.clone();
            // A connection that breaks is Envoy's to repeat.
            thread::spawn(move || serve(stream, &received));
        }
    });
    Ok(origin)
}

fn serve(stream: TcpStream, received: &Received) -> Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    loop {
        let Some(first) = line(&mut reader)? else {
            return Ok(());
        };
        let mut label = None;
        while let Some(header) = line(&mut reader)?.filter(|header| !header.is_empty()) {
            let text = String::from_utf8_lossy(&header).into_owned();
            if let Some(value) = text.strip_prefix(LABEL).and_then(|v| v.strip_prefix(": ")) {
                label = Some(value.to_owned());
            }
        }
        if let Some(label) = label {
            received.add(label, target(&first).context("no request line")?);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")?;
    }
}

/// A line without its end; `None` at the end.
fn line(reader: &mut BufReader<TcpStream>) -> Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    if reader.read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    while line
        .last()
        .is_some_and(|byte| matches!(byte, b'\r' | b'\n'))
    {
        line.pop();
    }
    Ok(Some(line))
}

/// What stands between method and version; spaces inside stay.
fn target(line: &[u8]) -> Option<Vec<u8>> {
    let first = line.iter().position(|byte| *byte == b' ')?;
    let last = line.iter().rposition(|byte| *byte == b' ')?;
    line.get(first + 1..last).map(<[u8]>::to_vec)
}
