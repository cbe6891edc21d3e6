//! What stands between an Envoy and the control service, and spoils what the feed says.
//!
//! Everything it passes on is the service's own words: late, in part, again, or not at all. A
//! filter that has nothing yet is never given an old page, because it could not tell; TLS
//! prevents that attack.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::Result;
use fastrand::Rng;
use portcullis_e2e::feed_relay::{forward, read_request};

const LONGEST_DELAY_MS: u64 = 300;
/// Old answers that are kept to be given again.
const MOST_PAGES: usize = 20;

/// A running relay; it ends with the process.
pub struct Relay {
    port: u16,
    state: Arc<State>,
}

struct State {
    service: u16,
    spoilt: AtomicU32,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    chance: Option<Rng>,
    /// Answers with a page, of this life of the Envoy.
    pages: Vec<Vec<u8>>,
    open: Vec<TcpStream>,
}

/// What becomes of an answer.
enum Fault {
    None,
    Late(Duration),
    /// An old answer instead, without asking.
    Again(Vec<u8>),
    /// So much of a thousand parts of it.
    Truncated(usize),
    /// The service is not asked.
    CutBefore,
    /// The service is asked, and what it says is lost.
    CutAfter,
}

impl Relay {
    /// Relays to a port of this machine.
    pub fn start(service: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let state = Arc::new(State {
            service,
            spoilt: AtomicU32::new(0),
            inner: Mutex::default(),
        });
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                // A broken connection is the filter's to notice.
                thread::spawn(move || serve(client, &shared));
            }
        });
        Ok(Self { port, state })
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Spoils what comes from now on, as chance decides.
    pub fn storm(&self, chance: Rng) {
        self.state.inner().chance = Some(chance);
    }

    /// Passes everything on as it is.
    pub fn calm(&self) {
        self.state.inner().chance = None;
    }

    /// Ends all connections, as the end of the Envoy before it would, and forgets its pages.
    pub fn cut(&self) {
        let mut inner = self.state.inner();
        inner.pages.clear();
        for stream in inner.open.drain(..) {
            // It may have ended by itself.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// How many answers were spoilt since this was last asked.
    pub fn spoilt(&self) -> u32 {
        self.state.spoilt.swap(0, Ordering::Relaxed)
    }
}

impl State {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fault(&self, request: &[u8]) -> Fault {
        let line = request.split(|byte| *byte == b'\r').next();
        let line = String::from_utf8_lossy(line.unwrap_or_default()).into_owned();
        let mut inner = self.inner();
        let Inner { chance, pages, .. } = &mut *inner;
        let Some(chance) = chance.as_mut().filter(|_| line.contains("/feed?")) else {
            return Fault::None;
        };
        let fault = match chance.u32(..12) {
            0 => Fault::CutBefore,
            1 => Fault::CutAfter,
            2 => Fault::Truncated(chance.usize(..1_000)),
            3 | 4 => Fault::Late(Duration::from_millis(chance.u64(..LONGEST_DELAY_MS))),
            5 | 6 if line.contains("epoch=") => match chance.choice(pages.iter()) {
                Some(page) => Fault::Again(page.clone()),
                None => Fault::None,
            },
            _ => Fault::None,
        };
        if !matches!(fault, Fault::None) {
            self.spoilt.fetch_add(1, Ordering::Relaxed);
        }
        fault
    }

    /// Keeps a connection to be cut, and drops those that were shut down.
    fn keep_open(&self, stream: &TcpStream) -> io::Result<()> {
        let mut inner = self.inner();
        inner.open.retain(|open| open.peer_addr().is_ok());
        inner.open.push(stream.try_clone()?);
        Ok(())
    }

    fn keep_page(&self, answer: &[u8]) {
        if answer.starts_with(b"HTTP/1.1 200") {
            let mut inner = self.inner();
            if inner.pages.len() == MOST_PAGES {
                inner.pages.remove(0);
            }
            inner.pages.push(answer.to_vec());
        }
    }
}

/// One request of the filter.
fn serve(mut client: TcpStream, state: &State) -> io::Result<()> {
    let request = read_request(&mut client)?;
    let answered = answer(&request, &mut client, state);
    // It is kept to be cut as well, so dropping it would not end it.
    let _ = client.shutdown(Shutdown::Both);
    answered
}

fn answer(request: &[u8], client: &mut TcpStream, state: &State) -> io::Result<()> {
    let fault = state.fault(request);
    match &fault {
        Fault::CutBefore => return Ok(()),
        Fault::Again(page) => return client.write_all(page),
        _ => {}
    }
    let mut upstream = forward(request, state.service)?;
    state.keep_open(client)?;
    state.keep_open(&upstream)?;
    let mut answer = Vec::new();
    // An error is an end like any other: what came is passed on.
    let _ = upstream.read_to_end(&mut answer);
    // The service may have ended it already.
    let _ = upstream.shutdown(Shutdown::Both);
    state.keep_page(&answer);
    match fault {
        Fault::CutAfter => return Ok(()),
        Fault::Late(delay) => thread::sleep(delay),
        Fault::Truncated(part) => answer.truncate(answer.len() * part / 1_000),
        _ => {}
    }
    client.write_all(&answer)
}
