//! A whole deployment on this machine: the control service in this process, Envoy as a child of it,
//! certificates of an authority of its own, names under `localhost`. `portcullis-control try` and the
//! demo start it.
//!
//! All that it keeps is in one directory, one for each port: certificates, logs, the user with
//! their password, the control service's data. A restart finds it as it was.

mod account;
mod applications;
pub mod certificates;
pub mod envoy;
mod error;
mod files;
mod hostname;
pub mod ports;
pub mod process;
pub mod programs;
mod proxies;

use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use portcullis::protocol::origin::Origin;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::client::Client;
use crate::config::Config;
use crate::envoy_config::EnvoyConfig;
use crate::server::data_dir::CONTROL_SOCKET;
use crate::server::{self, Failed, Running, Start};
use crate::system::log;
use applications::Selection;
use certificates::Certificates;
use process::Process;
use programs::Programs;

pub use account::Account;
pub use applications::{LocalApplication, Served};
pub use error::LocalError;
pub use hostname::{Hostname, TEAM_HOST};

/// Envoy's port, unless another is chosen.
pub const DEFAULT_PORT: u16 = 8443;
const WORKERS: u32 = 2;
/// How soon the end of Envoy is noticed.
const LOOK: Duration = Duration::from_millis(500);

/// What to start.
#[derive(Debug)]
pub struct Settings {
    /// Where certificates, logs and the user's password are kept.
    pub directory: PathBuf,
    /// The control service's data directory.
    pub data_dir: PathBuf,
    /// Envoy's port.
    pub port: u16,
    /// The control service's configuration. Its addresses, its team domain and its database are
    /// replaced.
    pub config: Config,
    /// Applications to add, or to change. Those of earlier starts are served as well.
    pub applications: Vec<LocalApplication>,
    /// The e-mail address of the user who can sign in.
    pub email: String,
    /// Envoy and the filter.
    pub programs: Programs,
}

/// A running deployment; dropping it ends all of it, Envoy first.
pub struct Local {
    /// What Envoy serves.
    pub served: Vec<Served>,
    /// Applications that exist and have no server or no address here.
    pub left_out: Vec<String>,
    /// The user and the filter credential.
    pub account: Account,
    /// The authority to trust, and the server's certificate.
    pub certificates: Certificates,
    /// The team domain.
    pub team_domain: Origin,
    /// The control service's listener for people, behind Envoy.
    pub listen: SocketAddr,
    /// The control service's listener for filters.
    pub filters: SocketAddr,
    envoy: Process,
    // Ends after Envoy, in the order of the fields.
    control: Control,
}

/// The control service and what it runs on.
struct Control {
    runtime: Runtime,
    running: Option<Running>,
    log: PathBuf,
    signals: [Signal; 3],
}

/// The files of Envoy's start.
struct Prepared {
    account: Account,
    selection: Selection,
    certificates: Certificates,
    bootstrap: PathBuf,
}

impl Local {
    /// Starts everything, and returns when Envoy takes requests. `starting` is called before the long
    /// part, once nothing is left to refuse.
    ///
    /// # Errors
    /// When a part does not start. Nothing runs then.
    pub fn start(settings: Settings, starting: impl FnOnce()) -> Result<Self, LocalError> {
        let Settings {
            directory, port, ..
        } = &settings;
        if UnixStream::connect(settings.data_dir.join(CONTROL_SOCKET)).is_ok() {
            return Err(LocalError::AlreadyRunning {
                port: *port,
                directory: directory.clone(),
            });
        }
        ports::check_free(*port)?;
        files::make_directory(directory)?;
        let team_domain = team_domain(*port)?;
        let control = Control::start(&settings, &team_domain)?;
        let prepared = control.runtime.block_on(control.prepare(&settings))?;
        starting();
        let (envoy, _) = envoy::start(&envoy::Settings {
            program: &settings.programs.envoy,
            directory,
            bootstrap: &prepared.bootstrap,
            credential: prepared.account.credential.reveal(),
            node: Some("try"),
            workers: WORKERS,
            drain: envoy::DRAIN,
        })?;
        let (listen, filters) = control.addresses()?;
        Ok(Self {
            served: prepared.selection.served,
            left_out: prepared.selection.left_out,
            account: prepared.account,
            certificates: prepared.certificates,
            team_domain,
            listen,
            filters,
            envoy,
            control,
        })
    }

    /// Waits until the process is asked to end, by a signal such as Ctrl-C sends.
    ///
    /// # Errors
    /// When a part ends by itself.
    pub fn wait(&mut self) -> Result<(), LocalError> {
        let Control {
            runtime,
            running,
            log,
            signals: [interrupt, terminate, hangup],
        } = &mut self.control;
        let envoy = &mut self.envoy;
        let ended = |failed| LocalError::Failed {
            failed,
            log: log.clone(),
        };
        let running = running.as_mut().ok_or_else(|| ended(Failed::Listener))?;
        runtime.block_on(async {
            let mut look = tokio::time::interval(LOOK);
            loop {
                tokio::select! {
                    _ = interrupt.recv() => return Ok(()),
                    _ = terminate.recv() => return Ok(()),
                    _ = hangup.recv() => return Ok(()),
                    failed = running.failed() => return Err(ended(failed)),
                    _ = look.tick() => envoy.check_running()?,
                }
            }
        })
    }
}

impl Control {
    fn start(settings: &Settings, team_domain: &Origin) -> Result<Self, LocalError> {
        let log = settings.directory.join("control.log");
        log::to_file(&log)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        let (signals, running) = runtime.block_on(async {
            // From here on a signal ends all of it in order.
            let signals = [
                signal(SignalKind::interrupt())?,
                signal(SignalKind::terminate())?,
                signal(SignalKind::hangup())?,
            ];
            let start = Start::new(
                configuration(&settings.config, team_domain),
                settings.data_dir.clone(),
            );
            Ok::<_, LocalError>((signals, server::start(start).await?))
        })?;
        Ok(Self {
            runtime,
            running: Some(running),
            log,
            signals,
        })
    }

    fn addresses(&self) -> Result<(SocketAddr, SocketAddr), LocalError> {
        let running = self.running()?;
        Ok((running.listen, running.filters))
    }

    fn running(&self) -> Result<&Running, LocalError> {
        self.running.as_ref().ok_or_else(|| LocalError::Failed {
            failed: Failed::Listener,
            log: self.log.clone(),
        })
    }

    /// Makes what Envoy needs: applications, user, credential, certificates, configuration.
    async fn prepare(&self, settings: &Settings) -> Result<Prepared, LocalError> {
        let (control, filters) = self.addresses()?;
        let service = &self.running()?.service;
        let directory = &settings.directory;
        proxies::forget_all(service).await?;
        let client = Client::new(&settings.data_dir);
        applications::apply(service, &client, &settings.applications).await?;
        let team_domain = &service.team_domain;
        let stored = service.storage.applications().await?;
        let selection = applications::select(&stored, team_domain);
        if selection.guarded.is_empty() {
            return Err(LocalError::NoApplication);
        }
        let account = account::prepare(service, directory, &settings.email).await?;
        let certificates = Certificates::make(directory, &selection.hostnames())?;
        let yaml = EnvoyConfig {
            listen: (Ipv4Addr::LOCALHOST, settings.port).into(),
            redirect: None,
            health: None,
            http3: false,
            admin: (Ipv4Addr::LOCALHOST, 0).into(),
            certificate: &certificates.certificate,
            key: &certificates.key,
            module: &settings.programs.module,
            access_log: &directory.join("access.log"),
            team_domain,
            control,
            filters,
            control_tls: None,
            applications: &selection.guarded,
            other_hosts: None,
        }
        .to_yaml()?;
        let bootstrap = directory.join("envoy.yaml");
        files::write(&bootstrap, &yaml, files::Access::All)?;
        Ok(Prepared {
            account,
            selection,
            certificates,
            bootstrap,
        })
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.stop());
        }
    }
}

/// Addresses, team domain and database are those of this machine; the rest is as given.
fn configuration(config: &Config, team_domain: &Origin) -> Config {
    let mut config = config.clone();
    config.server.listen = (Ipv4Addr::LOCALHOST, 0).into();
    config.server.filters = (Ipv4Addr::LOCALHOST, 0).into();
    config.server.team_domain = Some(team_domain.clone());
    config.server.trusted_proxies = vec![std::net::IpAddr::V4(Ipv4Addr::LOCALHOST).into()];
    config.database.url = None;
    config
}

fn team_domain(port: u16) -> Result<Origin, LocalError> {
    format!("https://{TEAM_HOST}:{port}")
        .parse()
        .map_err(|_| LocalError::TeamDomain(port))
}

/// Where a deployment on a port keeps its files, below a data directory.
#[must_use]
pub fn directory_of(data_dir: &Path, port: u16) -> PathBuf {
    data_dir.join(format!("try-{port}"))
}
