//! A second Envoy on a stand's control service: what is revoked is revoked in every worker of
//! every Envoy.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use portcullis_demo::deployment::Deployment;
use portcullis_demo::envoy::{self, Envoy};
use portcullis_demo::tools::Tools;

use super::{SERVICE, Stand, WORKERS};
use crate::workers::Workers;

/// The second Envoy. Its listeners are on ports that it chooses, and its credential is its own,
/// so that one can tell whose reports are whose.
pub(super) struct SecondEnvoy {
    envoy: Envoy,
    directory: PathBuf,
    credential: String,
    drain: Duration,
}

impl Stand {
    /// Starts a stand with two Envoys of two workers each. The change is made to the bootstrap of
    /// each; besides that it gets the directory of the Envoy that it is for.
    ///
    /// # Errors
    /// When a part does not start.
    pub fn start_two(
        directory: &Path,
        drain: Duration,
        change_bootstrap: impl Fn(String, &Path) -> Result<String>,
    ) -> Result<Self> {
        let shipped = RefCell::new(String::new());
        let mut stand = Self::start_draining(directory, drain, |yaml| {
            shipped.replace(yaml.clone());
            change_bootstrap(yaml, directory)
        })?;
        let second = directory.join("second");
        fs::create_dir_all(&second)?;
        let yaml = on_another_port(&stand.deployment, &shipped.take(), &second);
        fs::write(bootstrap_in(&second), change_bootstrap(yaml, &second)?)?;
        let credential = stand.deployment.control.new_filter_credential()?;
        stand.second = Some(SecondEnvoy {
            envoy: start(&second, &credential, drain)?,
            directory: second,
            credential,
            drain,
        });
        stand.pin_workers()?;
        Ok(stand)
    }

    /// All Envoys, the first one first.
    pub fn envoys(&self) -> impl Iterator<Item = &Envoy> {
        let second = self.second.iter().map(|second| &second.envoy);
        [&self.deployment.envoy].into_iter().chain(second)
    }

    /// The second Envoy, to be killed.
    ///
    /// # Errors
    /// When there is none.
    pub fn second_envoy(&mut self) -> Result<&mut Envoy> {
        let second = self.second.as_mut().context("there is one Envoy only")?;
        Ok(&mut second.envoy)
    }

    /// The credential that the second Envoy shows.
    ///
    /// # Errors
    /// When there is none.
    pub fn second_credential(&self) -> Result<&str> {
        let second = self.second.as_ref().context("there is one Envoy only")?;
        Ok(&second.credential)
    }

    /// Ends the second Envoy and starts it again, with nothing in its memory.
    ///
    /// # Errors
    /// When there is none, or it does not start.
    pub fn restart_second_envoy(&mut self) -> Result<()> {
        let second = self.second.as_mut().context("there is one Envoy only")?;
        second.envoy.process().stop();
        second.envoy = start(&second.directory, &second.credential, second.drain)?;
        self.pin_workers()
    }

    /// Opens new connections to each worker of each Envoy.
    ///
    /// # Errors
    /// When a worker takes no connection.
    pub fn pin_workers(&mut self) -> Result<()> {
        self.workers = self.pinned(Workers::pin)?;
        Ok(())
    }

    /// New connections to each worker of each Envoy, at the quiet listener.
    ///
    /// # Errors
    /// When a worker takes none.
    pub fn new_workers(&self) -> Result<Workers> {
        self.pinned(Workers::pin_to)
    }

    fn pinned(&self, pin: fn(&Envoy, &Path, u32) -> Result<Workers>) -> Result<Workers> {
        let authority = &self.deployment.certificates.authority;
        let mut all = Workers::default();
        for envoy in self.envoys() {
            all.join(pin(envoy, authority, WORKERS)?);
        }
        Ok(all)
    }
}

/// The bootstrap for a second Envoy: its own log, and a port that it chooses.
fn on_another_port(deployment: &Deployment, yaml: &str, directory: &Path) -> String {
    let log = |directory: &Path| directory.join("access.log").display().to_string();
    let port = format!("port_value: {} }}", deployment.port());
    yaml.replace(&port, "port_value: 0 }")
        .replace(&log(deployment.directory()), &log(directory))
}

fn bootstrap_in(directory: &Path) -> PathBuf {
    directory.join("envoy.yaml")
}

fn start(directory: &Path, credential: &str, drain: Duration) -> Result<Envoy> {
    Envoy::start(&envoy::Settings {
        program: &Tools::find(SERVICE)?.envoy,
        directory,
        bootstrap: &bootstrap_in(directory),
        credential,
        node: None,
        workers: WORKERS,
        drain,
    })
}
