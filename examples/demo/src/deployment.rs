//! Control service, Envoy and an origin on this machine, ready to be used.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;

use crate::browser::Browser;
use crate::certificates::Certificates;
use crate::control::{ControlService, EnvoyConfig};
use crate::envoy::{self, Envoy};
use crate::origin::Origin;
use crate::ports::https_origin;
use crate::tools::Tools;

/// The team domain's hostname.
pub const TEAM_HOST: &str = "team.localhost";

/// What to deploy.
pub struct Settings<'a> {
    /// Where the programs are.
    pub tools: &'a Tools,
    /// Where certificates, logs and data go; emptied first.
    pub directory: &'a Path,
    /// Envoy's port.
    pub port: u16,
    /// Hostnames of applications.
    pub hostnames: &'a [&'a str],
    /// How long a revoked user cannot log in.
    pub login_block: Duration,
    /// More of the control service's configuration: keys of `[sessions]`, then tables.
    pub more_configuration: &'a str,
    /// Envoy's worker threads.
    pub workers: u32,
    /// How long Envoy's old configuration serves the connections that it has.
    pub drain: Duration,
    /// The application behind Envoy.
    pub application: Router,
    /// A last change to Envoy's bootstrap.
    pub change_bootstrap: &'a dyn Fn(String) -> Result<String>,
}

/// A running deployment; dropping it ends all of it, Envoy first.
pub struct Deployment {
    /// Envoy.
    pub envoy: Envoy,
    /// The control service.
    pub control: ControlService,
    /// The application behind Envoy.
    pub origin: Origin,
    /// The authority to trust, and the server's certificate.
    pub certificates: Certificates,
    port: u16,
    directory: PathBuf,
    credential: String,
    drain: Duration,
}

impl Deployment {
    /// Starts everything, in the order in which each needs the other.
    ///
    /// # Errors
    /// When a part does not start, with the reason and its log.
    pub fn start(settings: Settings<'_>) -> Result<Self> {
        let directory = settings.directory;
        empty(directory)?;
        let hostnames = [&[TEAM_HOST], settings.hostnames].concat();
        let certificates = Certificates::make(directory, &hostnames)?;
        let origin = Origin::start(settings.application)?;
        let team_domain = https_origin(TEAM_HOST, settings.port);
        let control = ControlService::start(
            &settings.tools.control,
            directory,
            &configuration(
                &team_domain,
                settings.login_block,
                settings.more_configuration,
            ),
        )?;
        let credential = control.new_filter_credential()?;
        let text = control.envoy_config(&EnvoyConfig {
            listen: (Ipv4Addr::LOCALHOST, settings.port).into(),
            certificate: &certificates.certificate,
            key: &certificates.key,
            module: &settings.tools.module,
            access_log: &directory.join("access.log"),
            // Applications are added later, and all have the same server.
            options: &["--upstream", &format!("*=http://{}", origin.address())],
        })?;
        let file = directory.join("envoy.yaml");
        fs::write(&file, (settings.change_bootstrap)(text)?)?;
        let envoy = Envoy::start(&envoy::Settings {
            program: &settings.tools.envoy,
            directory,
            bootstrap: &file,
            credential: &credential,
            node: None,
            workers: settings.workers,
            drain: settings.drain,
        })?;
        Ok(Self {
            envoy,
            control,
            origin,
            certificates,
            port: settings.port,
            directory: directory.to_owned(),
            credential,
            drain: settings.drain,
        })
    }

    /// Ends Envoy and starts it again with the same bootstrap.
    ///
    /// # Errors
    /// When it does not start.
    pub fn restart_envoy(&mut self, tools: &Tools, workers: u32) -> Result<()> {
        self.envoy.process().stop();
        self.envoy = Envoy::start(&envoy::Settings {
            program: &tools.envoy,
            directory: &self.directory,
            bootstrap: &self.directory.join("envoy.yaml"),
            credential: &self.credential,
            node: None,
            workers,
            drain: self.drain,
        })?;
        Ok(())
    }

    /// The team domain's origin.
    #[must_use]
    pub fn team_domain(&self) -> String {
        self.origin_of(TEAM_HOST)
    }

    /// The origin of a hostname behind this Envoy.
    #[must_use]
    pub fn origin_of(&self, hostname: &str) -> String {
        https_origin(hostname, self.port)
    }

    /// Envoy's port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The filter's credential.
    #[must_use]
    pub fn credential(&self) -> &str {
        &self.credential
    }

    /// Where certificates, logs and data are.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// A browser that trusts the authority and has no cookies yet.
    ///
    /// # Errors
    /// When the authority's certificate does not read.
    pub fn browser(&self) -> Result<Browser> {
        Browser::new(&self.certificates.authority)
    }
}

/// The control service's configuration. `demo` admits durations under 15 minutes.
fn configuration(team_domain: &str, login_block: Duration, more: &str) -> String {
    format!(
        r#"[server]
listen = "127.0.0.1:0"
filters = "127.0.0.1:0"
team_domain = "{team_domain}"
trusted_proxies = ["127.0.0.1/32"]
demo = true

[sessions]
login_block_after_revoke = "{}s"
{more}"#,
        login_block.as_secs()
    )
}

fn empty(directory: &Path) -> Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot empty {}", directory.display()))
        }
        _ => fs::create_dir_all(directory)
            .with_context(|| format!("cannot make {}", directory.display())),
    }
}
