//! A stand whose filter polls through a relay, and what must not change under attack.

use std::cell::RefCell;
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use portcullis_demo::browser::Browser;
use portcullis_demo::wait;
use portcullis_e2e::feed_relay::{Conduct, FeedRelay, Poll};
use portcullis_e2e::{Application, ApplicationSettings, Stand, bootstrap, directories};

/// Two workers and the main thread have a filter each, and one of them polls for all.
pub const FILTERS: u64 = 1;
/// Longer than the longest pause and the longest poll of this suite.
pub const LIMIT: Duration = Duration::from_secs(60);
/// Short, so that a poll that never ends is given up soon; long enough that nothing gets stale.
const STALE_AFTER: &str = "after: 40s";

/// The stand, with a signed-in user.
pub struct Attacked {
    pub stand: Stand,
    pub relay: FeedRelay,
    pub application: Application,
    pub good: Browser,
}

/// What Envoy says of the filters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    pub version: u64,
    pub entries: u64,
    pub errors: u64,
    /// Everything about the VMs' lives.
    pub vms: Vec<(String, u64)>,
}

impl Attacked {
    /// Starts it.
    pub fn start(name: &str) -> Result<Self> {
        let slot = RefCell::new(None);
        let stand = Stand::start_changed(&directories::of_stand(name)?, |yaml| {
            ensure!(
                yaml.contains("after: 5m"),
                "the bootstrap says nothing of 5m"
            );
            let (yaml, relay) = FeedRelay::before(&yaml.replace("after: 5m", STALE_AFTER))?;
            slot.replace(Some(relay));
            bootstrap::with_quiet_listener(yaml)
        })?;
        let application = stand.application(&ApplicationSettings::default())?;
        let user = stand.user()?;
        let good = stand.sign_in(&user, &application)?;
        stand.admitted_by_workers(&good, &application)?;
        Ok(Self {
            relay: slot.take().context("no relay")?,
            stand,
            application,
            good,
        })
    }

    /// What Envoy says now.
    pub fn health(&self) -> Result<Health> {
        let admin = self.stand.deployment.envoy.admin();
        let ours = admin.stats(r"^wasmcustom\.portcullis\.feed\.")?;
        let of = |name: &str| {
            let name = format!("wasmcustom.portcullis.feed.{name}");
            ours.get(&name).copied().unwrap_or_default()
        };
        let vms = admin.stats(r"(vm_reload|^wasm\..*created$)")?;
        ensure!(!vms.is_empty(), "Envoy counts no VMs");
        Ok(Health {
            version: of("version"),
            entries: of("entries"),
            errors: of("errors"),
            vms: vms.into_iter().collect(),
        })
    }

    /// Waits until Envoy's figures of the feed no longer change: all filters are at the end of it.
    pub fn settled(&self) -> Result<Health> {
        let mut last = self.health()?;
        let mut same = 0;
        wait::until("the filters to have caught up", LIMIT, || {
            let now = self.health()?;
            same = if now == last { same + 1 } else { 0 };
            last = now.clone();
            // As long as several ticks, at which the figures are handed over.
            Ok((same == 30).then_some(now))
        })
    }

    /// Misbehaves until filters have failed so many times.
    pub fn attack(&self, misconduct: fn(&Poll) -> Conduct, failures: u64) -> Result<Health> {
        let before = self.health()?.errors;
        self.relay.misbehave(misconduct);
        wait::until("the filters to drop what comes", LIMIT, || {
            let now = self.health()?;
            Ok((now.errors >= before + failures).then_some(now))
        })
    }

    /// Checks that a revocation acts once the relay behaves.
    pub fn catches_up(&self) -> Result<()> {
        let witness = self.stand.user()?;
        let browser = self.stand.sign_in(&witness, &self.application)?;
        self.stand.deployment.control.revoke_user(&witness.email)?;
        let reason = self.stand.refused_by_workers(&browser, &self.application)?;
        ensure!(reason == "session_revoked", "refused as {reason}");
        Ok(())
    }

    /// Checks that no filter panicked.
    pub fn no_panic(&self) -> Result<()> {
        let log = fs::read_to_string(self.stand.deployment.envoy.log())?;
        ensure!(!log.contains("panicked"), "a filter panicked");
        Ok(())
    }
}
