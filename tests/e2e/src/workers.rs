//! A connection to each of Envoy's workers, at each listener.
//!
//! Every worker has a filter of its own, so "revoked" is only shown by a refusal of each. So has
//! every listener, even of the same configuration: two root contexts were seen in each VM. Each
//! filter takes over what came at a tick of its own, so what one listener refuses another may let
//! through for some milliseconds more.
//!
//! Which worker takes a connection is the kernel's choice: connections are opened, one at a time,
//! while no other test opens any, until the per-worker statistics show one at each.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use portcullis_demo::envoy::Envoy;
use portcullis_demo::wait;

use crate::bootstrap::{QUIET, SHIPPED};
use crate::connection::Connection;

/// With two workers, not to hit the other in this many tries is less likely than 10⁻¹⁸.
const TRIES: u32 = 64;
const COUNTED_LIMIT: Duration = Duration::from_secs(5);

/// One open connection to each worker, at each listener.
#[derive(Debug, Default)]
pub struct Workers(Vec<Mutex<Connection>>);

impl Workers {
    /// Opens them at the listener that is shipped, where no other test may connect meanwhile, and at the
    /// quiet one.
    ///
    /// # Errors
    /// When a worker takes none.
    pub fn pin(envoy: &Envoy, authority: &Path, count: u32) -> Result<Self> {
        let port = envoy.admin().listener(SHIPPED)?.port();
        // Named by the port of the configuration, which may leave it to Envoy.
        let statistics = format!(r"127\.0\.0\.1_(?:{port}|0)");
        let mut all = pin_at((envoy, &statistics), (port, authority), count)?;
        all.extend(Self::pin_to(envoy, authority, count)?.0);
        Ok(Self(all))
    }

    /// As [`Self::pin`], to whichever Envoy with the quiet listener, at that alone.
    ///
    /// # Errors
    /// When a worker takes none.
    pub fn pin_to(envoy: &Envoy, authority: &Path, count: u32) -> Result<Self> {
        let port = envoy.admin().listener(QUIET)?.port();
        pin_at((envoy, QUIET), (port, authority), count).map(Self)
    }

    /// Adds the workers of another Envoy.
    pub fn join(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Does the same at each worker and listener, one after the other.
    ///
    /// # Errors
    /// The first failure.
    pub fn each<T>(&self, mut act: impl FnMut(&mut Connection) -> Result<T>) -> Result<Vec<T>> {
        ensure!(!self.0.is_empty(), "no worker");
        let workers = self.0.iter().enumerate();
        workers
            .map(|(number, connection)| {
                let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
                act(&mut connection).with_context(|| format!("over connection {number}"))
            })
            .collect()
    }
}

/// Opens a connection to each worker at a listener, which Envoy's statistics call so.
fn pin_at(
    (envoy, listener): (&Envoy, &str),
    (port, authority): (u16, &Path),
    count: u32,
) -> Result<Vec<Mutex<Connection>>> {
    let mut pinned = BTreeMap::new();
    for _ in 0..TRIES {
        let before = taken_at(envoy, listener)?;
        let connection = Connection::open(port, "any.apps.localhost", authority)?;
        let worker = wait::until("Envoy to count a connection", COUNTED_LIMIT, || {
            let now = taken_at(envoy, listener)?;
            let grown = |name: &String| now.get(name) > before.get(name);
            Ok(now.keys().find(|name| grown(name)).cloned())
        })?;
        pinned.entry(worker).or_insert(connection);
        if u32::try_from(pinned.len())? == count {
            return Ok(pinned.into_values().map(Mutex::new).collect());
        }
    }
    let names: Vec<_> = pinned.into_keys().collect();
    Err(anyhow::anyhow!(
        "of {count} workers only {names:?} took connections"
    ))
}

/// Connections that each worker of an Envoy has taken on the listener that is quiet but for
/// [`Workers::pin`], by the statistic's name.
///
/// # Errors
/// When Envoy does not say.
pub fn taken(envoy: &Envoy) -> Result<BTreeMap<String, u64>> {
    taken_at(envoy, QUIET)
}

fn taken_at(envoy: &Envoy, listener: &str) -> Result<BTreeMap<String, u64>> {
    let filter = format!(r"^listener\.{listener}\.worker_\d+\.downstream_cx_total$");
    envoy.admin().stats(&filter)
}
