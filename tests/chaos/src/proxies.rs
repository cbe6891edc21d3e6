//! Two Envoys with two workers each in front of one control service, each through a relay of its
//! own and with a credential of its own, so that one can tell whose reports are whose.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use portcullis_demo::envoy::{self, Envoy};
use portcullis_demo::ports::free_port;
use portcullis_demo::tools::Tools;
use portcullis_e2e::workers::Workers;
use portcullis_e2e::{Application, ApplicationSettings, Stand, bootstrap, directories};
use serde_json::{Value, json};

use crate::relay::Relay;

/// Worker threads of each Envoy.
pub const WORKERS: u32 = 2;
/// Filters of each: two listeners, each on both workers and on the main thread.
pub const FILTERS: usize = 6;
const SERVICE: &str = "control-with-clock";

/// All of it, shared by all seeds.
pub struct Site {
    /// The control service, the origin, and the first Envoy.
    pub stand: Stand,
    /// The application that sessions are at.
    pub application: Application,
    /// Between each Envoy and the control service.
    pub relays: [Relay; 2],
    second: Second,
}

struct Second {
    envoy: Envoy,
    directory: PathBuf,
    credential: String,
}

impl Site {
    /// Starts everything.
    pub fn start() -> Result<Self> {
        let slot = RefCell::new(None);
        let stand = Stand::start_changed(&directories::of_stand("chaos")?, |yaml| {
            // With that listener it is JSON.
            let text = bootstrap::with_quiet_listener(yaml)?;
            let mut bootstrap: Value = serde_json::from_str(&text)?;
            let port = control_port(&mut bootstrap)?;
            let service = port.as_u64().context("no port")?.try_into()?;
            let relay = Relay::start(service)?;
            *port = json!(relay.port());
            slot.replace(Some((relay, service)));
            Ok(bootstrap.to_string())
        })?;
        let (first_relay, service) = slot.take().context("no relay")?;
        let second_relay = Relay::start(service)?;
        let second = Second::start(&stand, second_relay.port())?;
        let application = stand.application(&ApplicationSettings::default())?;
        let site = Self {
            stand,
            application,
            relays: [first_relay, second_relay],
            second,
        };
        site.log_what_is_held(0)?;
        site.log_what_is_held(1)?;
        Ok(site)
    }

    /// One of the two.
    pub fn envoy(&self, which: usize) -> &Envoy {
        match which {
            0 => &self.stand.deployment.envoy,
            _ => &self.second.envoy,
        }
    }

    /// The id of the credential that one of the two shows.
    pub fn credential(&self, which: usize) -> &str {
        let credential = match which {
            0 => self.stand.deployment.credential(),
            _ => &self.second.credential,
        };
        credential.split('.').next().unwrap_or_default()
    }

    /// Connections to the workers of one of the two.
    pub fn workers(&self, which: usize) -> Result<Workers> {
        let authority = &self.stand.deployment.certificates.authority;
        Workers::pin_to(self.envoy(which), authority, WORKERS)
    }

    /// Kills one of the two, and with it all that it had on the way.
    pub fn kill_envoy(&mut self, which: usize) {
        match which {
            0 => self.stand.deployment.envoy.process().kill(),
            _ => self.second.envoy.process().kill(),
        }
        if let Some(relay) = self.relays.get(which) {
            relay.cut();
        }
    }

    /// Starts it again, with nothing in its memory.
    pub fn restart_envoy(&mut self, which: usize) -> Result<()> {
        match which {
            0 => self
                .stand
                .deployment
                .restart_envoy(&Tools::find(SERVICE)?, WORKERS)?,
            _ => self.second.restart()?,
        }
        self.log_what_is_held(which)
    }

    fn log_what_is_held(&self, which: usize) -> Result<()> {
        self.envoy(which).admin().set_log_level("wasm", "debug")
    }
}

impl Second {
    fn start(stand: &Stand, relay: u16) -> Result<Self> {
        let deployment = &stand.deployment;
        let directory = deployment.directory().join("second");
        fs::create_dir_all(&directory)?;
        let text = fs::read_to_string(deployment.directory().join("envoy.yaml"))?;
        let mut bootstrap: Value = serde_json::from_str(&text)?;
        *control_port(&mut bootstrap)? = json!(relay);
        let port = "/static_resources/listeners/0/address/socket_address/port_value";
        *bootstrap.pointer_mut(port).context("no listener")? = json!(free_port()?);
        let first_log = deployment.directory().join("access.log");
        let text = bootstrap.to_string().replace(
            &first_log.display().to_string(),
            &directory.join("access.log").display().to_string(),
        );
        fs::write(directory.join("envoy.yaml"), text)?;
        let credential = deployment.control.new_filter_credential()?;
        Ok(Self {
            envoy: start(&directory, &credential)?,
            directory,
            credential,
        })
    }

    fn restart(&mut self) -> Result<()> {
        self.envoy.process().stop();
        self.envoy = start(&self.directory, &self.credential)?;
        Ok(())
    }
}

fn start(directory: &Path, credential: &str) -> Result<Envoy> {
    Envoy::start(&envoy::Settings {
        program: &Tools::find(SERVICE)?.envoy,
        directory,
        bootstrap: &directory.join("envoy.yaml"),
        credential,
        workers: WORKERS,
        drain: envoy::DRAIN,
    })
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
