//! A control service on a core of its own, with an application, users and a provider.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::thread;

use anyhow::{Context, Result, anyhow};
use portcullis_demo::control::{Allow, ControlService, NewApplication, User};
use portcullis_demo::tools::Tools;

use super::BROWSERS;
use super::provider::{CLIENT_ID, Provider};
use crate::cores::{Cores, pin, pin_thread};

/// The team domain, for which no Envoy stands here.
pub(super) const TEAM_DOMAIN: &str = "https://team.localhost";
/// The application's origin.
pub(super) const ORIGIN: &str = "https://wiki.localhost";
/// The provider's id.
pub(super) const PROVIDER: &str = "bench";
const SECRET: &str = "a secret of the bench, of forty characters";

/// All of it; dropping it ends it.
pub(super) struct Scene {
    /// The listener for people.
    pub people: SocketAddr,
    /// The listener for filters.
    pub filters: SocketAddr,
    /// The filter's credential.
    pub credential: String,
    /// The application's audience.
    pub audience: String,
    /// A user for each browser: right passwords, too, are limited for each user.
    pub users: Vec<User>,
    _control: ControlService,
    _provider: Provider,
}

impl Scene {
    pub fn open(tools: &Tools, directory: &Path, cores: Cores) -> Result<Self> {
        if directory.exists() {
            fs::remove_dir_all(directory)?;
        }
        fs::create_dir_all(directory)?;
        let provider = thread::spawn(move || {
            pin_thread(cores.load)?;
            Provider::start()
        });
        let provider = provider.join();
        let provider = provider.map_err(|_| anyhow!("the provider's thread panicked"))??;
        let secret = directory.join("secret");
        fs::write(&secret, SECRET)?;
        let configuration = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\nfilters = \"127.0.0.1:0\"\n\
             team_domain = \"{TEAM_DOMAIN}\"\n\n[sign_in]\npasswords = true\n\n\
             [[identity_providers]]\nid = \"{PROVIDER}\"\nname = \"bench\"\nissuer = \"{}\"\n\
             client_id = \"{CLIENT_ID}\"\nclient_secret_file = \"{}\"\n",
            provider.issuer(),
            secret.display()
        );
        let mut control = ControlService::start(&tools.control, directory, &configuration)?;
        pin(control.process().id(), cores.measured)?;
        let audience = control.add_application(&NewApplication {
            name: "wiki",
            origin: ORIGIN,
            session_duration: "24h",
            binding_cookie: true,
            http_only: true,
            same_site: "lax",
            allow: Allow::Everyone,
            options: &[],
        })?;
        let users = (0..BROWSERS).map(|number| {
            let email = format!("user-{number}@example.com");
            control.add_user(&email).context("no user")
        });
        let addresses = control.addresses();
        Ok(Self {
            people: addresses.listen,
            filters: addresses.filters,
            credential: control.new_filter_credential()?,
            audience,
            users: users.collect::<Result<_>>()?,
            _control: control,
            _provider: provider,
        })
    }
}
