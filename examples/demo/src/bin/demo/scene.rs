//! What the demo shows: a team domain, two applications, one user.

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
/// Who can sign in.
pub const EMAIL: &str = "demo@example.com";

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
            hostnames: &["wiki.localhost", "notes.localhost"],
            login_block: self.login_block,
            more_configuration: "",
            workers: 2,
            drain: envoy::DRAIN,
            application: origin::application(),
            change_bootstrap: &Ok,
        })
        .map_err(|error| anyhow!("{error:#}\nlogs are in {}", self.directory.display()))?;
        self.add_application(&deployment, WIKI, true)?;
        self.add_application(&deployment, NOTES, false)?;
        let user = deployment.control.add_user(EMAIL)?;
        Ok((deployment, user))
    }

    fn add_application(&self, deployment: &Deployment, name: &str, strict: bool) -> Result<()> {
        deployment.control.add_application(&NewApplication {
            name,
            origin: &deployment.origin_of(&format!("{name}.localhost")),
            session_duration: self.session_duration,
            binding_cookie: strict,
            http_only: strict,
            same_site: "lax",
            allow: Allow::Everyone,
            options: &[],
        })?;
        Ok(())
    }
}
