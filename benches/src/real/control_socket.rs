//! The control service's Unix socket, asked without its command line: starting a program would
//! take longer than what is measured.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

const LIMIT: Duration = Duration::from_secs(10);

/// Revokes an application; returns when the service has answered that it did.
///
/// # Errors
/// When the service is not there, or says no.
pub(super) fn revoke_application(socket: &Path, name: &str) -> Result<()> {
    let body = format!(r#"{{"name":"{name}"}}"#);
    let mut stream = UnixStream::connect(socket)
        .with_context(|| format!("cannot connect to {}", socket.display()))?;
    stream.set_read_timeout(Some(LIMIT))?;
    write!(
        stream,
        "POST /revocations/application HTTP/1.1\r\nHost: control\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    ensure!(answer.starts_with("HTTP/1.1 200 "), "refused: {answer}");
    Ok(())
}
