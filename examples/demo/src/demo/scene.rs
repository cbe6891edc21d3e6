//! What the demo shows: a team domain, three applications, one user.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use portcullis_control::applications::{Draft, Upstream};
use portcullis_control::config::Config;
use portcullis_control::local::programs::Programs;
use portcullis_control::local::{Local, LocalApplication, Settings};
use portcullis_control::policy::rules::everyone;

use crate::browser::Browser;
use crate::certificates::Certificates;
use crate::control::User;
use crate::deployment::TEAM_HOST;
use crate::openid_provider::{self, OpenIdProvider};
use crate::origin::{self, Origin};
use crate::ports::https_origin;
use crate::tools::Tools;

/// An application with binding cookie and HttpOnly.
pub const WIKI: &str = "wiki";
/// An application with neither.
const NOTES: &str = "notes";
/// An application of one site with the team domain, whose sessions are not refreshed inside the
/// request: there a page with the script signs in by itself.
const BOARD: &str = "board";
/// What the demo's provider and its client share; both listen on this machine only.
const SECRET: &str = "the demo's client secret, known to all";
/// Who can sign in.
pub const EMAIL: &str = "demo@example.com";

/// How one application differs from the others.
struct Application {
    name: &'static str,
    hostname: &'static str,
    /// With binding cookie and HttpOnly.
    strict: bool,
    refresh: &'static str,
}

const APPLICATIONS: [Application; 3] = [
    Application {
        name: WIKI,
        hostname: "wiki.localhost",
        strict: true,
        refresh: "with_binding",
    },
    Application {
        name: NOTES,
        hostname: "notes.localhost",
        strict: false,
        refresh: "never",
    },
    Application {
        name: BOARD,
        hostname: "board.team.localhost",
        strict: true,
        refresh: "never",
    },
];

/// How to set it up.
#[derive(Debug)]
pub struct Scene<'a> {
    /// Where the programs are.
    pub tools: &'a Tools,
    /// Where certificates, logs and data go.
    pub directory: &'a Path,
    /// Envoy's port.
    pub port: u16,
    /// The application sessions' duration.
    pub session_duration: &'a str,
    /// How long a revoked user cannot log in.
    pub login_block: Duration,
    /// Whether people may sign in with an OpenID provider, too.
    pub provider: bool,
}

/// The running demo; dropping it ends all of it, Envoy first.
pub struct Demo {
    /// Control service and Envoy.
    pub local: Local,
    /// The application behind Envoy.
    pub origin: Origin,
    /// The second way to sign in.
    pub provider: Option<OpenIdProvider>,
    directory: PathBuf,
    port: u16,
}

impl Scene<'_> {
    /// Starts it.
    ///
    /// # Errors
    /// When a part does not start.
    pub fn open(&self) -> Result<Demo> {
        let origin = Origin::start(origin::application())?;
        let upstream = Upstream::plain(origin.address()).to_string();
        let environment = [
            ("PORTCULLIS_SERVER__DEMO", "true".to_owned()),
            // Longer than an application session, so that one can be had again without a prompt.
            ("PORTCULLIS_SESSIONS__GLOBAL_DURATION", "8h".to_owned()),
            (
                "PORTCULLIS_SESSIONS__LOGIN_BLOCK_AFTER_REVOKE",
                format!("{}s", self.login_block.as_secs()),
            ),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value));
        let provider = self.start_provider()?;
        let file = match &provider {
            Some(provider) => Some(self.configuration(provider)?),
            None => None,
        };
        let settings = Settings {
            directory: self.directory.to_owned(),
            data_dir: self.data_dir(),
            port: self.port,
            config: Config::load(file.as_deref(), environment.into_iter())?,
            applications: APPLICATIONS
                .iter()
                .map(|application| self.guarded(application, &upstream))
                .collect(),
            email: EMAIL.to_owned(),
            programs: Programs {
                envoy: self.tools.envoy.clone(),
                module: self.tools.module.clone(),
            },
        };
        let local = Local::start(settings, || {}).map_err(|error| {
            let directory = self.directory.display();
            anyhow!("{error}\nlogs are in {directory}; without it, the demo starts from nothing")
        })?;
        Ok(Demo {
            local,
            origin,
            provider,
            directory: self.directory.to_owned(),
            port: self.port,
        })
    }

    fn start_provider(&self) -> Result<Option<OpenIdProvider>> {
        if !self.provider {
            return Ok(None);
        }
        fs::create_dir_all(self.directory)?;
        let provider = OpenIdProvider::start(&openid_provider::Settings {
            directory: self.directory,
            team_domain: &https_origin(TEAM_HOST, self.port),
            authority: &Certificates::files_in(self.directory).authority,
            ids: "demo",
            secret: SECRET,
        })?;
        Ok(Some(provider))
    }

    /// The configuration file, which names the provider.
    fn configuration(&self, provider: &OpenIdProvider) -> Result<PathBuf> {
        let secret = self.directory.join("provider.secret");
        fs::write(&secret, SECRET)?;
        let file = self.directory.join("portcullis.toml");
        let entry = provider.entry("demo", "the demo's provider", &secret, "");
        fs::write(&file, format!("[sign_in]\npasswords = true\n\n{entry}"))?;
        Ok(file)
    }

    fn data_dir(&self) -> PathBuf {
        self.directory.join("data")
    }

    fn guarded(&self, application: &Application, upstream: &str) -> LocalApplication {
        LocalApplication {
            name: application.name.to_owned(),
            settings: Draft {
                origins: Some(vec![https_origin(application.hostname, self.port)]),
                upstream: Some(upstream.to_owned()),
                session_duration: Some(self.session_duration.to_owned()),
                binding_cookie: Some(application.strict),
                http_only: Some(application.strict),
                refresh_in_request: Some(application.refresh.to_owned()),
                policy: Some(vec![everyone()]),
                ..Draft::default()
            },
            first: Draft::default(),
        }
    }
}

impl Demo {
    /// The origin of a hostname behind this Envoy.
    pub fn origin_of(&self, hostname: &str) -> String {
        https_origin(hostname, self.port)
    }

    /// The team domain's origin.
    pub fn team_domain(&self) -> String {
        self.local.team_domain.to_string()
    }

    /// The user who can sign in; `None` if they have another password by now.
    pub fn user(&self) -> Option<User> {
        let account = &self.local.account;
        account.password.as_ref().map(|password| User {
            id: account.id.clone(),
            email: account.email.clone(),
            password: password.reveal().to_owned(),
        })
    }

    /// A browser that trusts the authority and has no cookies yet.
    ///
    /// # Errors
    /// When the authority's certificate does not read.
    pub fn browser(&self) -> Result<Browser> {
        Browser::new(&self.local.certificates.authority)
    }

    /// Where certificates, logs and data are.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// What to type before a command to reach the control service from a terminal.
    pub fn command_line(&self, tools: &Tools) -> String {
        let data = self.directory.join("data");
        format!("{} --data-dir {}", tools.control.display(), data.display())
    }

    /// A command that reaches the control service.
    pub fn command(&self, tools: &Tools) -> Command {
        let mut command = Command::new(&tools.control);
        command.arg("--data-dir").arg(self.directory.join("data"));
        command
    }
}

/// Removes what an earlier demo left in a directory.
///
/// # Errors
/// When it cannot be removed.
pub fn empty(directory: &Path) -> Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            bail!("cannot remove {}: {error}", directory.display())
        }
        _ => Ok(()),
    }
}
