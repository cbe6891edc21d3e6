//! An origin that keeps the head of every request, and judges nothing: one that refused odd paths
//! would hide what the filter let through. It can tell what it would forward as an intermediary.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result, anyhow};

/// Names a request, so that what the origin received can be found.
pub const LABEL: &str = "x-label";

/// What the origin received under each label.
#[derive(Debug, Clone, Default)]
pub struct Received(Arc<Mutex<HashMap<String, Arrival>>>);

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// What stands between method and version.
    pub target: Vec<u8>,
    /// Names, in lower case, and values.
    pub fields: Vec<(String, String)>,
}

impl Arrival {
    /// The values under a name, joined.
    pub fn value(&self, name: &str) -> Option<String> {
        joined(&self.fields, name)
    }

    /// The same at the server after an intermediary, which removes what `connection` names
    /// (RFC 9110, section 7.6.1).
    pub fn value_behind_an_intermediary(&self, name: &str) -> Option<String> {
        let named = self.value("connection").unwrap_or_default();
        let mut named = named.split(',').map(str::trim);
        let is_named = named.any(|one| one.eq_ignore_ascii_case(name));
        self.value(name).filter(|_| !is_named)
    }
}

fn joined(fields: &[(String, String)], name: &str) -> Option<String> {
    let same = fields.iter().filter(|(other, _)| other == name);
    let values: Vec<&str> = same.map(|(_, value)| value.as_str()).collect();
    (!values.is_empty()).then(|| values.join(", "))
}

/// A running origin. It serves until the process ends.
#[derive(Debug)]
pub struct RawOrigin {
    /// Its port.
    pub port: u16,
    /// What it received.
    pub received: Received,
}

impl Received {
    /// A labelled request; `None` if it did not come.
    pub fn take(&self, label: &str) -> Option<Arrival> {
        let mut received = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        received.remove(label)
    }

    fn add(&self, label: String, arrival: Arrival) {
        let mut received = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        received.insert(label, arrival);
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
        let mut fields = Vec::new();
        while let Some(header) = line(&mut reader)?.filter(|header| !header.is_empty()) {
            let text = String::from_utf8_lossy(&header).into_owned();
            let (name, value) = text.split_once(':').context("no field")?;
            fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        if let Some(label) = joined(&fields, LABEL) {
            let target = target(&first).context("no request line")?;
            received.add(label, Arrival { target, fields });
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
