//! Two Envoys with two workers each in front of one control service, each through a relay of its
//! own and with a credential of its own, so that one can tell whose reports are whose.

use std::cell::RefCell;

use anyhow::{Context, Result};
use portcullis_demo::envoy::{self, Envoy};
use portcullis_e2e::workers::Workers;
use portcullis_e2e::{Application, ApplicationSettings, Stand, bootstrap, directories};
use serde_json::{Value, json};

use crate::relay::Relay;

/// Worker threads of each Envoy.
pub const WORKERS: u32 = 2;
/// Filters of each: two listeners, each on both workers and on the main thread.
pub const FILTERS: usize = 6;

/// All of it, shared by all seeds.
pub struct Site {
    /// The control service, the origin, and both Envoys.
    pub stand: Stand,
    /// The application that sessions are at.
    pub application: Application,
    /// Between each Envoy and the control service.
    pub relays: Vec<Relay>,
}

impl Site {
    /// Starts everything.
    pub fn start() -> Result<Self> {
        let relays = RefCell::new(Vec::new());
        let directory = directories::of_stand("chaos")?;
        let stand = Stand::start_two(&directory, envoy::DRAIN, |yaml, _| {
            // With that listener it is JSON.
            let text = bootstrap::with_quiet_listener(yaml)?;
            let mut bootstrap: Value = serde_json::from_str(&text)?;
            let port = control_port(&mut bootstrap)?;
            let relay = Relay::start(port.as_u64().context("no port")?.try_into()?)?;
            *port = json!(relay.port());
            relays.borrow_mut().push(relay);
            Ok(bootstrap.to_string())
        })?;
        let application = stand.application(&ApplicationSettings::default())?;
        let site = Self {
            stand,
            application,
            relays: relays.take(),
        };
        site.log_what_is_held(0)?;
        site.log_what_is_held(1)?;
        Ok(site)
    }

    /// One of the two.
    pub fn envoy(&self, which: usize) -> Result<&Envoy> {
        self.stand.envoys().nth(which).context("no such Envoy")
    }

    /// The id of the credential that one of the two shows.
    pub fn credential(&self, which: usize) -> Result<&str> {
        let credential = match which {
            0 => self.stand.deployment.credential(),
            _ => self.stand.second_credential()?,
        };
        Ok(credential.split('.').next().unwrap_or_default())
    }

    /// Connections to the workers of one of the two.
    pub fn workers(&self, which: usize) -> Result<Workers> {
        let authority = &self.stand.deployment.certificates.authority;
        Workers::pin_to(self.envoy(which)?, authority, WORKERS)
    }

    /// Kills one of the two, and with it all that it had on the way.
    pub fn kill_envoy(&mut self, which: usize) -> Result<()> {
        match which {
            0 => self.stand.deployment.envoy.process().kill(),
            _ => self.stand.second_envoy()?.process().kill(),
        }
        if let Some(relay) = self.relays.get(which) {
            relay.cut();
        }
        Ok(())
    }

    /// Starts it again, with nothing in its memory.
    pub fn restart_envoy(&mut self, which: usize) -> Result<()> {
        match which {
            0 => self.stand.restart_envoy()?,
            _ => self.stand.restart_second_envoy()?,
        }
        self.log_what_is_held(which)
    }

    fn log_what_is_held(&self, which: usize) -> Result<()> {
        self.envoy(which)?.admin().set_log_level("wasm", "debug")
    }
}

/// Where a bootstrap says the control service listens.
fn control_port(bootstrap: &mut Value) -> Result<&mut Value> {
    let clusters = bootstrap.pointer_mut("/static_resources/clusters");
    clusters
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
        .find(|cluster| cluster.get("name") == Some(&json!("portcullis_control")))
        .and_then(|cluster| {
            cluster.pointer_mut(
                "/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address/socket_address\
                 /port_value",
            )
        })
        .context("the bootstrap says no port of the control service")
}
