//! Whether Envoy can have a port. Envoy shares ports (`SO_REUSEPORT`): on one that another Envoy
//! has, both would answer, and neither would say so. So it must be looked before.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};

/// Why Envoy cannot have a port.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// Another program listens on it.
    #[error("another program listens on port {0}: stop it, or choose another port")]
    Taken(u16),
    /// The system does not allow it.
    #[error("this user may not listen on port {0}: choose a port from 1024 on")]
    NotAllowed(u16),
    /// Something else.
    #[error("cannot listen on port {port}: {source}")]
    Other {
        /// The port.
        port: u16,
        /// What the system says.
        source: io::Error,
    },
}

/// Checks that nothing listens on a port of the loopback interface. Browsers try IPv6 first, so a
/// program that listens there only would get what is meant for Envoy.
///
/// # Errors
/// When something does, or the port is not allowed.
pub fn check_free(port: u16) -> Result<(), PortError> {
    for ip in [
        IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::LOCALHOST),
    ] {
        match TcpListener::bind((ip, port)).map_err(|source| (source.kind(), source)) {
            Ok(_) => {}
            Err((ErrorKind::AddrInUse, _)) => return Err(PortError::Taken(port)),
            Err((ErrorKind::PermissionDenied, _)) => return Err(PortError::NotAllowed(port)),
            // A machine without IPv6.
            Err(_) if ip.is_ipv6() => {}
            Err((_, source)) => return Err(PortError::Other { port, source }),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_is_not_free() {
        for ip in ["127.0.0.1", "::1"] {
            if TcpListener::bind((ip, 0)).is_err() {
                assert_eq!(ip, "::1", "no loopback interface");
                continue;
            }
            // Another program may take a port as soon as it is free, so one of several must be.
            let freed = (0..16).any(|_| {
                let holder = TcpListener::bind((ip, 0)).unwrap();
                let port = holder.local_addr().unwrap().port();
                let error = check_free(port).unwrap_err().to_string();
                assert!(error.contains(&format!("port {port}:")), "{error}");
                drop(holder);
                check_free(port).is_ok()
            });
            assert!(freed, "{ip}");
        }
    }
}
