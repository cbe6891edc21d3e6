//! What stands between a filter and the control service, and counts, holds or breaks calls for
//! new tokens on command. Each test has an origin of its own, and commands its own calls only.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};
use portcullis::protocol::calls::RefreshRequest;

use crate::feed_relay::{forward, read_request};

/// Longer than anything takes that works.
const LIMIT: Duration = Duration::from_secs(20);

/// What becomes of a call for a new token.
#[derive(Debug, Clone, Default)]
pub enum Conduct {
    /// The service's answer.
    #[default]
    Relay,
    /// The service's answer, but not before the conduct changes.
    Hold,
    /// These bytes instead, without asking the service. The connection ends after them.
    Send(Vec<u8>),
}

/// A running relay; it ends with the process.
pub struct RefreshRelay {
    port: u16,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    origins: Mutex<HashMap<String, Origin>>,
    changed: Condvar,
}

#[derive(Default)]
struct Origin {
    conduct: Conduct,
    calls: usize,
    held: usize,
}

impl RefreshRelay {
    /// Relays to a port of this machine.
    ///
    /// # Errors
    /// When no port is to be had.
    pub fn start(service: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let shared = Arc::<Shared>::default();
        let relay = Self {
            port,
            shared: Arc::clone(&shared),
        };
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                // A broken connection is the filter's to notice.
                thread::spawn(move || shared.serve(client, service));
            }
        });
        Ok(relay)
    }

    /// Where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Treats an origin's calls so from now on, held ones too.
    pub fn conduct(&self, origin: &str, conduct: Conduct) {
        let mut origins = self.shared.origins();
        origins.entry(origin.to_owned()).or_default().conduct = conduct;
        self.shared.changed.notify_all();
    }

    /// Calls for an origin so far.
    #[must_use]
    pub fn calls(&self, origin: &str) -> usize {
        let origins = self.shared.origins();
        origins.get(origin).map_or(0, |origin| origin.calls)
    }

    /// Waits until an answer of the service for an origin is held.
    ///
    /// # Errors
    /// When none comes.
    pub fn wait_until_held(&self, origin: &str) -> Result<()> {
        let origins = self.shared.origins();
        let few = |origins: &mut HashMap<String, Origin>| {
            origins.get(origin).is_none_or(|origin| origin.held == 0)
        };
        let waited = self
            .shared
            .changed
            .wait_timeout_while(origins, LIMIT, few)
            .unwrap_or_else(PoisonError::into_inner);
        ensure!(!waited.1.timed_out(), "no answer for {origin} came");
        Ok(())
    }
}

impl Shared {
    fn origins(&self) -> MutexGuard<'_, HashMap<String, Origin>> {
        self.origins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One request of the filter.
    fn serve(&self, mut client: TcpStream, service: u16) -> io::Result<()> {
        let request = read_request(&mut client)?;
        let Some(origin) = origin_of(&request) else {
            let mut upstream = forward(&request, service)?;
            return io::copy(&mut upstream, &mut client).map(drop);
        };
        let conduct = {
            let mut origins = self.origins();
            let state = origins.entry(origin.clone()).or_default();
            state.calls += 1;
            self.changed.notify_all();
            state.conduct.clone()
        };
        if let Conduct::Send(bytes) = conduct {
            return client.write_all(&bytes);
        }
        let mut answer = Vec::new();
        forward(&request, service)?.read_to_end(&mut answer)?;
        self.wait_until_released(&origin);
        client.write_all(&answer)
    }

    fn wait_until_released(&self, origin: &str) {
        let is_held = |origins: &mut HashMap<String, Origin>| {
            let origin = origins.get(origin);
            origin.is_some_and(|origin| matches!(origin.conduct, Conduct::Hold))
        };
        let mut origins = self.origins();
        if is_held(&mut origins)
            && let Some(origin) = origins.get_mut(origin)
        {
            origin.held += 1;
            self.changed.notify_all();
        }
        // A filter that was never released has given up long ago.
        drop(self.changed.wait_timeout_while(origins, LIMIT, is_held));
    }
}

/// Whose call a request is, if it is one for a new token.
fn origin_of(request: &[u8]) -> Option<String> {
    let end = request.windows(4).position(|four| four == b"\r\n\r\n")?;
    let (head, body) = request.split_at_checked(end + 4)?;
    head.starts_with(b"POST /api/filter/v1/refresh ")
        .then(|| serde_json::from_slice::<RefreshRequest>(body).ok())?
        .map(|request| request.origin)
}
