//! Ports on the loopback interface, and the origins that stand on them.

use std::io;
use std::net::{Ipv4Addr, TcpListener};

/// A port that is free now.
///
/// Another program may take it before it is used. Where a program can be told to take port 0 and
/// to say what it got, do that instead; Envoy's own port must be known earlier, since the control
/// service needs the team domain's origin before Envoy can start.
///
/// # Errors
/// When the system has none.
pub fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}

/// The origin of a hostname on a port, as browsers write it: without port 443.
#[must_use]
pub fn https_origin(hostname: &str, port: u16) -> String {
    match port {
        443 => format!("https://{hostname}"),
        _ => format!("https://{hostname}:{port}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_port_is_not_written() {
        assert_eq!(https_origin("a.localhost", 443), "https://a.localhost");
        assert_eq!(https_origin("a.localhost", 1), "https://a.localhost:1");
    }
}
