//! What stands between a filter and the control service, and misbehaves on command.
//!
//! It begins by relaying every request to the real service. While it misbehaves it answers polls
//! of the feed by itself, byte for byte as a test wants, and goes on relaying everything else.

mod poll;

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::Result;

pub use poll::{Poll, forward, read_request};

/// Between the bytes of a drip: many bytes, and none of them the last.
const DRIP: Duration = Duration::from_millis(20);

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

    fn change(&self, misconduct: Option<Misconduct>) {
        let mut state = lock(&self.state);
        (state.misconduct, state.polls) = (misconduct, 0);
        state.changes += 1;
        for service in state.waiting.drain(..) {
            // It may have ended by itself.
            let _ = service.shutdown(Shutdown::Both);
        }
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
