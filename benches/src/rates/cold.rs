//! Whether every request of a cold course was verified: by a statistic, not by belief.

use std::time::Duration;

use anyhow::{Result, ensure};
use portcullis_demo::wait;

use crate::contender::Contender;

/// The filter hands over its counts on a tick, twenty times a second.
const COUNTED_LIMIT: Duration = Duration::from_secs(5);

/// Counters of signatures checked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counter {
    /// Counts every check.
    checks: &'static str,
    /// Counts every check that was spared.
    spared: Option<&'static str>,
}

/// Ours: signatures that Envoy's own library checked for the filter.
pub(super) const OURS: Counter = Counter {
    checks: "wasmcustom.portcullis.signature.host",
    spared: None,
};

/// jwt_authn without a cache checks each token that it lets in.
pub(super) const JWT_AUTHN: Counter = Counter {
    checks: "http.http.jwt_authn.allowed",
    spared: Some("http.http.jwt_authn.jwt_cache_hit"),
};

impl Counter {
    /// Checks so far.
    pub fn read(self, contender: &Contender) -> Result<u64> {
        let value = |name: &str| -> Result<u64> {
            let stats = contender.admin().stats(&format!("^{name}$"))?;
            Ok(stats.values().sum())
        };
        if let Some(spared) = self.spared {
            ensure!(value(spared)? == 0, "{} uses a cache", contender.name);
        }
        value(self.checks)
    }

    /// Waits until at least so many checks were made since `before`.
    pub fn grew(self, contender: &Contender, before: u64, requests: u64) -> Result<()> {
        let what = format!("{} to verify every request", contender.name);
        wait::until(&what, COUNTED_LIMIT, || {
            Ok((self.read(contender)? - before >= requests).then_some(()))
        })
    }
}
