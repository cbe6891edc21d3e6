//! Which requests are under way, and how many may be: in one VM, and as streams of one session.

use std::cell::Cell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;

use crate::application::Placement;
use crate::request::kind::RequestKind;
use crate::session::Verified;
use crate::time::UnixMillis;

/// Requests that may be under way at once in one VM: about 10 MB.
const MAX_OPEN: usize = 65_536;
/// Streams among them that one session may hold open.
const MAX_STREAMS_OF_A_SESSION: u32 = 256;

/// Requests under way.
#[derive(Default)]
pub(super) struct Registry {
    open: HashMap<u32, Open>,
    /// How many streams each session has, where it has some.
    streams: HashMap<String, u32>,
}

/// A request under way.
pub(super) struct Open {
    pub placement: Rc<Placement>,
    pub verified: Verified,
    pub kind: RequestKind,
    pub address: Option<IpAddr>,
    /// When its session was last found good.
    pub last_good: Cell<UnixMillis>,
    /// Whether it is meant to last.
    pub is_stream: bool,
    /// The other origin that may read the reply that ends it.
    pub reader: Option<Box<str>>,
}

/// There is no room for one more.
pub(in crate::filter) struct Full;

impl Registry {
    /// Registers a request.
    pub fn add(&mut self, stream: u32, open: Open) -> Result<(), Full> {
        if self.open.len() >= MAX_OPEN {
            return Err(Full);
        }
        if open.is_stream {
            let sid = &open.verified.claims().sid;
            let count = self.streams.get(sid).copied().unwrap_or_default();
            if count >= MAX_STREAMS_OF_A_SESSION {
                return Err(Full);
            }
            self.streams.insert(sid.clone(), count + 1);
        }
        self.open.insert(stream, open);
        Ok(())
    }

    /// Removes a request.
    pub fn remove(&mut self, stream: u32) -> Option<Open> {
        let open = self.open.remove(&stream)?;
        let sid = &open.verified.claims().sid;
        if open.is_stream
            && let Some(count) = self.streams.get_mut(sid)
        {
            *count -= 1;
            if *count == 0 {
                self.streams.remove(sid);
            }
        }
        Some(open)
    }

    /// How many requests are under way.
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// All requests.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Open)> {
        self.open.iter().map(|(stream, open)| (*stream, open))
    }
}
