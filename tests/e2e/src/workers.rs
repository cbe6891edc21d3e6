//! A connection to each of Envoy's workers.
//!
//! Every worker has a filter of its own, so "revoked" is only shown by a refusal of each. Which
//! worker takes a connection is the kernel's choice: connections are opened, one at a time, on a
//! listener that nobody else uses, until the per-worker statistics show one at each.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use portcullis_demo::deployment::Deployment;
use portcullis_demo::envoy::Envoy;
use portcullis_demo::wait;

use crate::bootstrap::QUIET;
use crate::connection::Connection;

/// With two workers, not to hit the other in this many tries is less likely than 10⁻¹⁸.
const TRIES: u32 = 64;
const COUNTED_LIMIT: Duration = Duration::from_secs(5);

/// One open connection to each worker.
#[derive(Debug, Default)]
pub struct Workers(Vec<Mutex<Connection>>);

impl Workers {
    /// Opens them.
    ///
    /// # Errors
    /// When a worker takes none.
    pub fn pin(deployment: &Deployment, count: u32) -> Result<Self> {
        let authority = &deployment.certificates.authority;
        Self::pin_to(&deployment.envoy, authority, count)
    }

    /// As [`Self::pin`], to whichever Envoy with the listener for it.
    ///
    /// # Errors
    /// When a worker takes none.
    pub fn pin_to(envoy: &Envoy, authority: &Path, count: u32) -> Result<Self> {
        let port = envoy.admin().listener(QUIET)?.port();
        let mut pinned = BTreeMap::new();
        for _ in 0..TRIES {
            let before = taken(envoy)?;
            let connection = Connection::open(port, "any.apps.localhost", authority)?;
            let worker = wait::until("Envoy to count a connection", COUNTED_LIMIT, || {
                let now = taken(envoy)?;
                let grown = |name: &String| now.get(name) > before.get(name);
                Ok(now.keys().find(|name| grown(name)).cloned())
            })?;
            pinned.entry(worker).or_insert(connection);
            if u32::try_from(pinned.len())? == count {
                return Ok(Self(pinned.into_values().map(Mutex::new).collect()));
            }
        }
        let names: Vec<_> = pinned.into_keys().collect();
        Err(anyhow::anyhow!(
            "of {count} workers only {names:?} took connections"
        ))
    }

    /// Adds the workers of another Envoy.
    pub fn join(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Does the same at each worker, one after the other.
    ///
    /// # Errors
    /// The first failure.
    pub fn each<T>(&self, mut act: impl FnMut(&mut Connection) -> Result<T>) -> Result<Vec<T>> {
        ensure!(!self.0.is_empty(), "no worker");
        let workers = self.0.iter().enumerate();
        workers
            .map(|(number, connection)| {
                let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
                act(&mut connection).with_context(|| format!("at worker {number}"))
            })
            .collect()
    }
}

/// Connections that each worker of an Envoy has taken on the listener that is quiet but for
/// [`Workers::pin`], by the statistic's name.
///
/// # Errors
/// When Envoy does not say.
pub fn taken(envoy: &Envoy) -> Result<BTreeMap<String, u64>> {
    let filter = format!(r"^listener\.{QUIET}\.worker_\d+\.downstream_cx_total$");
    envoy.admin().stats(&filter)
}
