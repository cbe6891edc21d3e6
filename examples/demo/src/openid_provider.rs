//! A certified OpenID provider (npm `oidc-provider`), with its own pages.

use std::path::Path;
use std::process::Command;
use std::time::Duration;
use std::{env, fs};

use anyhow::{Result, ensure};
use reqwest::blocking::Client;

use crate::ports::free_port;
use crate::process::Process;
use crate::tools::Tools;
use crate::wait;

const SCRIPT: &str = include_str!("../provider/provider.mjs");
const LIMIT: Duration = Duration::from_secs(30);

/// A running provider. Whoever types a name into its form is the person of that name.
pub struct OpenIdProvider {
    /// Its issuer.
    pub issuer: String,
    _process: Process,
}

/// How to set it up.
pub struct Settings<'a> {
    /// Where its log goes.
    pub directory: &'a Path,
    /// The team domain's origin.
    pub team_domain: &'a str,
    /// The authority of the team domain's certificate; its file may be written later.
    pub authority: &'a Path,
    /// The ids under which the team domain knows it, with commas between. The first gets the
    /// back-channel logouts.
    pub ids: &'a str,
    /// The client's secret.
    pub secret: &'a str,
}

impl OpenIdProvider {
    /// Starts it, with the team domain as its client.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(settings: &Settings<'_>) -> Result<Self> {
        let packages = Tools::target()?.join("providers");
        ensure!(
            packages.join("node_modules").is_dir(),
            "{} is missing: run `make providers`",
            packages.display()
        );
        // Node.js looks for packages beside the script.
        let script = packages.join("provider.mjs");
        fs::write(&script, SCRIPT)?;
        let port = free_port()?;
        let mut command = Command::new(env::var_os("NODE").unwrap_or_else(|| "node".into()));
        command
            .arg(&script)
            .env("PORT", port.to_string())
            .env("TEAM_DOMAIN", settings.team_domain)
            .env("TEAM_AUTHORITY", settings.authority)
            .env("PROVIDER_IDS", settings.ids)
            .env("CLIENT_SECRET", settings.secret);
        let log = settings.directory.join("oidc-provider.log");
        let mut process = Process::start("oidc-provider", &command, &log)?;
        wait::until("oidc-provider to listen", LIMIT, || {
            process.check_running()?;
            let text = fs::read_to_string(&log).unwrap_or_default();
            Ok(text.contains("listening at").then_some(()))
        })?;
        Ok(Self {
            issuer: format!("http://127.0.0.1:{port}"),
            _process: process,
        })
    }

    /// The page with its logout button.
    #[must_use]
    pub fn logout_page(&self) -> String {
        format!("{}/session/end", self.issuer)
    }

    /// Disables or enables a person, as the provider's administrator.
    ///
    /// # Errors
    /// When the provider does not answer.
    pub fn set_disabled(&self, name: &str, disabled: bool) -> Result<()> {
        let what = if disabled { "disable" } else { "enable" };
        let url = format!("{}/test/{what}/{name}", self.issuer);
        let client = Client::builder().no_proxy().timeout(LIMIT).build()?;
        client.post(url).send()?.error_for_status()?;
        Ok(())
    }

    /// The entry of a configuration file that names it by `id`, with more settings on top.
    #[must_use]
    pub fn entry(&self, id: &str, name: &str, secret: &Path, more: &str) -> String {
        format!(
            "[[identity_providers]]\nid = \"{id}\"\nname = \"{name}\"\nissuer = \"{}\"\n\
             client_id = \"portcullis\"\nclient_secret_file = \"{}\"\n\
             groups_claim = \"groups\"\n{more}\n",
            self.issuer,
            secret.display()
        )
    }
}
