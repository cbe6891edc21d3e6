//! What stands between a filter and the control service, and misbehaves on command.
//!
//! It begins by relaying every request to the real service. While it misbehaves it answers polls
//! of the feed by itself, byte for byte as a test wants, and keeps relaying everything else.

mod poll;

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

pub use poll::{Poll, forward, read_request};

/// Between the bytes of a drip: many bytes, and none of them the last.
const DRIP: Duration = Duration::from_millis(20);

/// Where a cluster's port is.
const PORT: &str = "/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address/socket_address\
                    /port_value";

/// What a poll is answered with. The connection ends after it.
#[derive(Debug, Clone)]
pub enum Conduct {
    /// These bytes.
    Send(Vec<u8>),
    /// These bytes, and then a space after the other.
    Drip(Vec<u8>),
}

/// How polls are answered while the relay misbehaves.
pub type Misconduct = Arc<dyn Fn(&Poll) -> Conduct + Send + Sync>;

/// A running relay; it ends with the process.
pub struct FeedRelay {
    port: u16,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    misconduct: Option<Misconduct>,
    /// Changes of conduct so far: what was begun under another one ends.
    changes: u32,
    polls: usize,
    /// What came since then.
    seen: Vec<Poll>,
    /// Polls that wait for an answer.
    open: usize,
    /// The most that there were at once since then.
    most_open: usize,
    /// The service's side of polls that wait.
    waiting: Vec<TcpStream>,
    /// The service's very first answer with a page.
    first_page: Vec<u8>,
}

impl FeedRelay {
    /// Relays to a port of this machine.
    ///
    /// # Errors
    /// When no port is to be had.
    pub fn start(service: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                // A broken connection is the filter's to notice.
                thread::spawn(move || serve(client, service, &shared));
            }
        });
        Ok(Self { port, state })
    }

    /// A bootstrap whose filters reach the control service through a relay.
    ///
    /// # Errors
    /// When the bootstrap has no cluster of the control service, or no port is to be had.
    pub fn before(yaml: &str) -> Result<(String, Self)> {
        let mut bootstrap: Value = serde_saphyr::from_str(yaml)?;
        let clusters = bootstrap.pointer_mut("/static_resources/clusters");
        let port = clusters
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
            .find(|cluster| {
                cluster.get("name").and_then(Value::as_str) == Some("portcullis_control")
            })
            .and_then(|cluster| cluster.pointer_mut(PORT))
            .context("no port of the control service")?;
        let service = port.as_u64().context("no number")?.try_into()?;
        let relay = Self::start(service)?;
        *port = json!(relay.port());
        Ok((serde_json::to_string(&bootstrap)?, relay))
    }

    /// Where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Answers polls in another way from now on, those that wait already too.
    pub fn misbehave(&self, misconduct: impl Fn(&Poll) -> Conduct + Send + Sync + 'static) {
        self.change(Some(Arc::new(misconduct)));
    }

    /// Relays everything again.
    pub fn behave(&self) {
        self.change(None);
    }

    /// Polls since the last change of conduct.
    #[must_use]
    pub fn polls(&self) -> usize {
        lock(&self.state).polls
    }

    /// What came since the last change of conduct.
    #[must_use]
    pub fn seen(&self) -> Vec<Poll> {
        lock(&self.state).seen.clone()
    }

    /// The most polls that waited at once since the last change of conduct.
    #[must_use]
    pub fn most_open(&self) -> usize {
        lock(&self.state).most_open
    }

    fn change(&self, misconduct: Option<Misconduct>) {
        let mut state = lock(&self.state);
        (state.misconduct, state.polls) = (misconduct, 0);
        state.seen.clear();
        state.most_open = 0;
        state.changes += 1;
        for service in state.waiting.drain(..) {
            // It may have ended by itself.
            let _ = service.shutdown(Shutdown::Both);
        }
    }
}

/// A poll is open from here until this is dropped.
struct Open<'a>(&'a Mutex<State>);

impl<'a> Open<'a> {
    fn count(shared: &'a Mutex<State>, poll: &Poll) -> Self {
        let mut state = lock(shared);
        state.seen.push(poll.clone());
        state.open += 1;
        state.most_open = state.most_open.max(state.open);
        Self(shared)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        lock(self.0).open -= 1;
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One request of the filter.
fn serve(mut client: TcpStream, service: u16, state: &Mutex<State>) -> io::Result<()> {
    let request = read_request(&mut client)?;
    let Some(poll) = Poll::of(&request, || lock(state).first_page.clone()) else {
        let mut upstream = forward(&request, service)?;
        return io::copy(&mut upstream, &mut client).map(drop);
    };
    let _open = Open::count(state, &poll);
    let relayed = {
        let mut state = lock(state);
        state.polls += 1;
        match state.misconduct {
            Some(_) => None,
            None => {
                let upstream = forward(&request, service)?;
                state.waiting.push(upstream.try_clone()?);
                Some(upstream)
            }
        }
    };
    if let Some(mut upstream) = relayed {
        let mut answer = Vec::new();
        // An error is an end like any other: what came is passed on.
        let _ = upstream.read_to_end(&mut answer);
        if !answer.is_empty() {
            keep_first(state, &answer);
            return client.write_all(&answer);
        }
    }
    conduct(&mut client, &poll, state)
}

fn keep_first(state: &Mutex<State>, answer: &[u8]) {
    let mut state = lock(state);
    if state.first_page.is_empty() && answer.starts_with(b"HTTP/1.1 200") {
        state.first_page = answer.to_vec();
    }
}

fn conduct(client: &mut TcpStream, poll: &Poll, state: &Mutex<State>) -> io::Result<()> {
    let (misconduct, begun) = {
        let state = lock(state);
        (state.misconduct.clone(), state.changes)
    };
    match misconduct.map(|misconduct| misconduct(poll)) {
        None => Ok(()),
        Some(Conduct::Send(bytes)) => client.write_all(&bytes),
        Some(Conduct::Drip(bytes)) => {
            client.write_all(&bytes)?;
            while lock(state).changes == begun {
                client.write_all(b" ")?;
                thread::sleep(DRIP);
            }
            Ok(())
        }
    }
}
