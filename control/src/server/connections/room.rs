//! The open connections of a listener, and which of them closes when there is no room.
//!
//! A connection is waiting while its client has to do something: send a head or a body, take a
//! response, or ask for more. Slow clients only ever wait, so it is they who make room: one of the
//! address that has the most connections, and of those the one that has waited longest. A request
//! that is being answered is never cut off.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ipnet::IpNet;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::limits::{FOR_HEALTH, Limits};
use crate::system::rate_limit::network;

/// The open connections of a listener.
pub(super) struct Room {
    limits: Limits,
    /// Proxies, whose connections carry many clients.
    shared: Vec<IpNet>,
    open: Mutex<Connections>,
}

#[derive(Default)]
struct Connections {
    next: u64,
    by_id: HashMap<u64, Connection>,
}

struct Connection {
    /// The client's network; `None` for proxies and local clients.
    client: Option<IpAddr>,
    waiting_since: Option<Instant>,
    health_only: bool,
    close: Arc<Notify>,
}

/// The place of an open connection.
pub(super) struct Place {
    room: Arc<Room>,
    id: u64,
    close: Arc<Notify>,
    /// Whether it may ask about health only.
    pub(super) health_only: bool,
}

impl Room {
    pub(super) fn new(limits: Limits, shared: Vec<IpNet>) -> Arc<Self> {
        Arc::new(Self {
            limits,
            shared,
            open: Mutex::default(),
        })
    }

    /// A place for a new connection, for which another may have to close. `None` if its client has
    /// its share, and all of that is being answered.
    pub(super) fn enter(self: &Arc<Self>, peer: Option<IpAddr>) -> Option<Place> {
        let client = peer
            .map(|peer| peer.to_canonical())
            .filter(|peer| !self.shared.iter().any(|network| network.contains(peer)))
            .map(network);
        let mut open = self.lock();
        if client.is_some() && open.count(client) >= self.limits.of_one_address {
            open.close_oldest(|one| one.client == client)?;
        }
        let has_room = open.all() < self.limits.connections || open.make_room().is_some();
        if !has_room && open.by_id.len() >= self.limits.connections + FOR_HEALTH {
            open.close_oldest(|one| one.health_only)?;
        }
        let id = open.next;
        open.next += 1;
        let close = Arc::new(Notify::new());
        open.by_id.insert(
            id,
            Connection {
                client,
                waiting_since: Some(Instant::now()),
                health_only: !has_room,
                close: Arc::clone(&close),
            },
        );
        Some(Place {
            room: Arc::clone(self),
            id,
            close,
            health_only: !has_room,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Connections> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connections {
    /// How many are open, without those for health.
    fn all(&self) -> usize {
        let all = self.by_id.values();
        all.filter(|one| !one.health_only).count()
    }

    fn count(&self, client: Option<IpAddr>) -> usize {
        let all = self.by_id.values();
        all.filter(|one| one.client == client).count()
    }

    /// Closes the connection that has waited longest, of the client with the most of them. Proxies
    /// come last. `None` if none is waiting.
    fn make_room(&mut self) -> Option<()> {
        let mut counts: HashMap<IpAddr, usize> = HashMap::new();
        for client in self.by_id.values().filter_map(|one| one.client) {
            *counts.entry(client).or_default() += 1;
        }
        let count = |one: &Connection| {
            let client = one.client?;
            counts.get(&client).copied()
        };
        let waiting = self.by_id.values();
        let most = waiting
            .filter(|one| one.waiting_since.is_some() && !one.health_only)
            .map(count)
            .max()?;
        self.close_oldest(|one| !one.health_only && count(one) == most)
    }

    /// Closes the one that has waited longest.
    fn close_oldest(&mut self, which: impl Fn(&Connection) -> bool) -> Option<()> {
        let waiting = self.by_id.iter().filter(|(_, one)| which(one));
        let since = waiting.filter_map(|(id, one)| Some((one.waiting_since?, *id)));
        let (_, oldest) = since.min()?;
        let closed = self.by_id.remove(&oldest)?;
        closed.close.notify_one();
        Some(())
    }
}

impl Place {
    /// The client has to do something.
    pub(super) fn waiting(&self) {
        self.set(Some(Instant::now()));
    }

    /// The whole request is there, and is being answered.
    pub(super) fn answering(&self) {
        self.set(None);
    }

    /// Waits until the connection must close.
    pub(super) async fn closed(&self) {
        self.close.notified().await;
    }

    fn set(&self, waiting_since: Option<Instant>) {
        if let Some(connection) = self.room.lock().by_id.get_mut(&self.id) {
            connection.waiting_since = waiting_since;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.room.lock().by_id.remove(&self.id);
    }
}
