//! A control service, two Envoys that share its application, and a signed-in user.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use portcullis::names::{BINDING_COOKIE, TOKEN_COOKIE};
use portcullis_demo::browser::Browser;
use portcullis_demo::control::{Allow, NewApplication, User};
use portcullis_demo::deployment::{Deployment, Settings, TEAM_HOST};
use portcullis_demo::envoy::{self, Envoy};
use portcullis_demo::origin;
use portcullis_demo::ports::free_port;
use portcullis_demo::tools::Tools;
use portcullis_demo::wait;
use rustls::ClientConfig;

use super::{control_socket, start};
use crate::wire::{Connection, trusting};

/// The application.
const NAME: &str = "wiki";
const HOST: &str = "wiki.localhost";
const EMAIL: &str = "ana@example.com";
/// Worker threads of each of the two Envoys.
pub(super) const WORKERS: u32 = 2;
/// How long a million revocations may take on a busy machine.
const FEED_LIMIT: Duration = Duration::from_secs(120);

/// All of it; dropping it ends it.
pub(crate) struct Scene {
    audience: String,
    envoy: PathBuf,
    deployment: Deployment,
    second: Placed,
    trust: Arc<ClientConfig>,
    browser: Browser,
}

/// An Envoy and the port on which it listens.
pub(crate) struct Placed {
    pub envoy: Envoy,
    pub port: u16,
}

impl Scene {
    pub fn open(tools: &Tools, directory: &Path) -> Result<Self> {
        let deployment = Deployment::start(Settings {
            tools,
            directory,
            port: free_port()?,
            hostnames: &[HOST],
            login_block: Duration::from_secs(60),
            more_configuration: "",
            workers: WORKERS,
            drain: envoy::DRAIN,
            application: origin::application(),
            change_bootstrap: &Ok,
        })?;
        let audience = deployment.control.add_application(&NewApplication {
            name: NAME,
            origin: &deployment.origin_of(HOST),
            session_duration: "24h",
            binding_cookie: true,
            http_only: true,
            same_site: "lax",
            allow: Allow::Everyone,
            options: &[],
        })?;
        let user = deployment.control.add_user(EMAIL)?;
        let mut browser = deployment.browser()?;
        let url = format!("{}/", deployment.origin_of(HOST));
        wait::until("the filter to know the application", FEED_LIMIT, || {
            Ok((browser.navigate(&url)?.status == 302).then_some(()))
        })?;
        let page = browser.sign_in(&url, &user)?;
        ensure!(page.status == 200, "signing in led to {}", page.status);
        let second = another_envoy(&tools.envoy, &deployment, "second", WORKERS)?;
        Ok(Self {
            audience,
            envoy: tools.envoy.clone(),
            trust: trusting(&deployment.certificates.authority)?,
            deployment,
            second,
            browser,
        })
    }

    /// One more Envoy with the same bootstrap, on a port of its own.
    pub fn start_envoy(&self, name: &str, workers: u32) -> Result<Placed> {
        another_envoy(&self.envoy, &self.deployment, name, workers)
    }

    /// The control service's database.
    pub fn database(&self) -> PathBuf {
        self.deployment.control.database()
    }

    /// Both Envoys, with the ports on which they listen.
    pub fn envoys(&self) -> [(&Envoy, u16); 2] {
        [
            (&self.deployment.envoy, self.deployment.port()),
            (&self.second.envoy, self.second.port),
        ]
    }

    /// A new connection to an Envoy.
    pub fn connect(&self, port: u16) -> Result<Connection> {
        Connection::secure(port, HOST, &self.trust)
    }

    /// The application's audience.
    pub fn audience(&self) -> &str {
        &self.audience
    }

    /// Adds a user who is administrator.
    pub fn add_administrator(&self, email: &str) -> Result<User> {
        let user = self.deployment.control.add_user(email)?;
        self.deployment.control.give_role(email, "administrator")?;
        Ok(user)
    }

    /// A new connection to the team domain, through the first Envoy.
    pub fn connect_to_team(&self) -> Result<Connection> {
        Connection::secure(self.deployment.port(), TEAM_HOST, &self.trust)
    }

    /// The team domain's hostname and port.
    pub fn team_authority(&self) -> String {
        format!("{TEAM_HOST}:{}", self.deployment.port())
    }

    /// Waits until both Envoys hold at least so many revocations, in all their VMs.
    pub fn wait_for_entries(&mut self, count: u64) -> Result<()> {
        for (envoy, _) in self.envoys() {
            wait::until("Envoy to hold all revocations", FEED_LIMIT, || {
                Ok((entries(envoy)? >= count).then_some(()))
            })?;
        }
        start::settled(self.deployment.envoy.process().id())?;
        start::settled(self.second.envoy.process().id())?;
        Ok(())
    }

    /// A sub-request without a session.
    pub fn stranger(&self) -> String {
        self.request("/api/time", "")
    }

    /// A new application session, without a prompt; what is returned makes a request of it.
    pub fn new_session(&mut self) -> Result<impl Fn(&str, &str) -> String + use<>> {
        let held: Vec<_> = self
            .browser
            .jar
            .of(HOST)
            .map(|cookie| cookie.name.clone())
            .collect();
        for name in held {
            self.browser.jar.remove(HOST, &name);
        }
        let page = self
            .browser
            .open(&format!("{}/", self.deployment.origin_of(HOST)))?;
        ensure!(
            page.status == 200,
            "no new session: {} says {}",
            page.url,
            page.status
        );
        let value = |name: &str| {
            let cookie = self.browser.jar.find(HOST, name);
            Ok::<_, anyhow::Error>(
                cookie
                    .with_context(|| format!("no cookie {name}"))?
                    .value
                    .clone(),
            )
        };
        let cookies = format!(
            "Cookie: {TOKEN_COOKIE}={}; {BINDING_COOKIE}={}\r\n",
            value(TOKEN_COOKIE)?,
            value(BINDING_COOKIE)?
        );
        let port = self.deployment.port();
        Ok(move |path: &str, more: &str| request(port, path, &format!("{cookies}{more}")))
    }

    /// Revokes the application; returns when the control service has answered that it did.
    pub fn revoke(&self) -> Result<()> {
        let socket = self.deployment.directory().join("data/control.sock");
        control_socket::revoke_application(&socket, NAME)
    }

    fn request(&self, path: &str, more: &str) -> String {
        request(self.deployment.port(), path, more)
    }
}

/// Revocations that an Envoy says to hold.
pub(super) fn entries(envoy: &Envoy) -> Result<u64> {
    gauge(envoy, "entries")
}

/// The version of the feed that all VMs of an Envoy have applied; 0 while one has nothing.
pub(super) fn applied(envoy: &Envoy) -> Result<u64> {
    gauge(envoy, "version")
}

fn gauge(envoy: &Envoy, name: &str) -> Result<u64> {
    let stats = envoy
        .admin()
        .stats(&format!(r"^wasmcustom\.portcullis\.feed\.{name}$"))?;
    Ok(stats.values().sum())
}

fn request(port: u16, path: &str, more: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: {HOST}:{port}\r\n{more}\r\n")
}

/// The deployment's bootstrap on another port. Requests name the first Envoy's port, as they would
/// behind a load balancer.
fn another_envoy(
    program: &Path,
    deployment: &Deployment,
    name: &str,
    workers: u32,
) -> Result<Placed> {
    let directory = deployment.directory().join(name);
    fs::create_dir_all(&directory)?;
    let port = free_port()?;
    let text = fs::read_to_string(deployment.directory().join("envoy.yaml"))?
        .replace(
            &format!("port_value: {} }}", deployment.port()),
            &format!("port_value: {port} }}"),
        )
        .replace(
            &deployment
                .directory()
                .join("access.log")
                .display()
                .to_string(),
            &directory.join("access.log").display().to_string(),
        );
    let file = directory.join("envoy.yaml");
    fs::write(&file, text)?;
    let envoy = Envoy::start(&envoy::Settings {
        program,
        directory: &directory,
        bootstrap: &file,
        credential: deployment.credential(),
        node: None,
        workers,
        drain: envoy::DRAIN,
    })?;
    Ok(Placed { envoy, port })
}
