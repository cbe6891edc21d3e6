//! What the demo shows: a team domain, three applications, one user.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, anyhow};
use portcullis_demo::control::{Allow, NewApplication, User};
use portcullis_demo::deployment::{Deployment, Settings};
use portcullis_demo::envoy;
use portcullis_demo::origin;
use portcullis_demo::tools::Tools;

/// An application with binding cookie and HttpOnly.
pub const WIKI: &str = "wiki";
/// An application with neither.
pub const NOTES: &str = "notes";
/// An application of one site with the team domain, whose sessions are not refreshed inside the
/// request: there a page with the script signs in by itself.
pub const BOARD: &str = "board";
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
}

impl Scene<'_> {
    /// Starts it.
    ///
    /// # Errors
    /// When a part does not start.
    pub fn open(&self) -> Result<(Deployment, User)> {
        let deployment = Deployment::start(Settings {
            tools: self.tools,
            directory: self.directory,
            port: self.port,
            hostnames: &["wiki.localhost", "notes.localhost", "board.team.localhost"],
            login_block: self.login_block,
            // Longer than an application session, so that one can be had again without a prompt.
            more_configuration: "global_duration = \"8h\"\n",
            workers: 2,
            drain: envoy::DRAIN,
            application: origin::application(),
            change_bootstrap: &Ok,
        })
        .map_err(|error| anyhow!("{error:#}\nlogs are in {}", self.directory.display()))?;
        for application in &APPLICATIONS {
            self.add(&deployment, application)?;
        }
        let user = deployment.control.add_user(EMAIL)?;
        Ok((deployment, user))
    }

    fn add(&self, deployment: &Deployment, application: &Application) -> Result<()> {
        deployment.control.add_application(&NewApplication {
            name: application.name,
            origin: &deployment.origin_of(application.hostname),
            session_duration: self.session_duration,
            binding_cookie: application.strict,
            http_only: application.strict,
            same_site: "lax",
            allow: Allow::Everyone,
            options: &["--refresh-in-request", application.refresh],
        })?;
        Ok(())
    }
}
