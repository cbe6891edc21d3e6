//! A connection to each worker of both Envoys.
//!
//! Every worker has a filter of its own, so "revoked" is only shown by a refusal of each. Which
//! worker takes a connection is the kernel's choice: connections are opened, one at a time, until
//! the statistics of each worker have counted one.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Result, bail};
use portcullis_demo::envoy::Envoy;
use portcullis_demo::wait;

use super::scene::{Scene, WORKERS};
use crate::wire::Connection;

/// Not to hit the other of two workers in this many tries is less likely than 10⁻¹⁸.
const TRIES: u32 = 64;
const COUNTED_LIMIT: Duration = Duration::from_secs(5);

/// Opens one to each.
pub(super) fn connect(scene: &Scene) -> Result<Vec<Connection>> {
    let mut connections = Vec::new();
    for (envoy, port) in scene.envoys() {
        connections.extend(connect_to(scene, envoy, port)?);
    }
    Ok(connections)
}

fn connect_to(scene: &Scene, envoy: &Envoy, port: u16) -> Result<Vec<Connection>> {
    let mut of_workers = BTreeMap::new();
    for _ in 0..TRIES {
        let before = taken(envoy, port)?;
        let connection = scene.connect(port)?;
        let worker = wait::until("Envoy to count a connection", COUNTED_LIMIT, || {
            let now = taken(envoy, port)?;
            let grown = |name: &&String| now.get(*name) > before.get(*name);
            Ok(now.keys().find(grown).cloned())
        })?;
        of_workers.entry(worker).or_insert(connection);
        if u32::try_from(of_workers.len())? == WORKERS {
            return Ok(of_workers.into_values().collect());
        }
    }
    bail!(
        "of {WORKERS} workers only {:?} took connections",
        of_workers.keys()
    )
}

/// Connections that each worker has taken.
fn taken(envoy: &Envoy, port: u16) -> Result<BTreeMap<String, u64>> {
    envoy.admin().stats(&format!(
        r"^listener\.127\.0\.0\.1_{port}\.worker_\d+\.downstream_cx_total$"
    ))
}
