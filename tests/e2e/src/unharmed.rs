//! Whether the filter lived through an attack: a panic ends a worker's VM, and Envoy makes a new
//! one without a word to anybody but its statistics and log.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Result, ensure};
use portcullis_demo::envoy::Envoy;

/// Envoy's counts of VMs that it restarted.
const RELOADS: &str = r"^wasm\..*vm_reload";
/// What Envoy's log says of a VM that ended.
const SIGNS: [&str; 3] = ["panicked", "Wasm VM failed", "unreachable"];

/// What Envoy has counted so far.
#[derive(Debug)]
pub struct Vms<'a> {
    envoy: &'a Envoy,
    before: BTreeMap<String, u64>,
}

impl<'a> Vms<'a> {
    /// Looks at an Envoy before an attack.
    ///
    /// # Errors
    /// When the statistics do not read.
    pub fn of(envoy: &'a Envoy) -> Result<Self> {
        let before = envoy.admin().stats(RELOADS)?;
        ensure!(!before.is_empty(), "Envoy does not count reloads of VMs");
        Ok(Self { envoy, before })
    }

    /// Fails if a VM has ended since.
    ///
    /// # Errors
    /// What has changed.
    pub fn ensure_same(&self) -> Result<()> {
        let now = self.envoy.admin().stats(RELOADS)?;
        ensure!(now == self.before, "{:?} became {now:?}", self.before);
        let log = fs::read(self.envoy.log())?;
        let log = String::from_utf8_lossy(&log);
        for sign in SIGNS {
            let line = log.lines().find(|line| line.contains(sign));
            ensure!(line.is_none(), "Envoy's log: {line:?}");
        }
        Ok(())
    }
}
