//! Applications of a control service, and Envoy's configuration for them.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, Result, bail};
use reqwest::blocking::Client;
use serde::Deserialize;
use serde_json::{Value, json};

use super::ControlService;

/// What is protected, as the command line wants it said.
#[derive(Debug, Clone)]
pub struct NewApplication<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its origin.
    pub origin: &'a str,
    /// The application session's duration, such as `10m`.
    pub session_duration: &'a str,
    /// Whether tokens are bound to a binding cookie.
    pub binding_cookie: bool,
    /// Whether scripts are kept from the token.
    pub http_only: bool,
    /// `none`, `lax` or `strict`.
    pub same_site: &'a str,
    /// Who is admitted.
    pub allow: Allow<'a>,
    /// More options of `application add`, as on the command line.
    pub options: &'a [&'a str],
}

/// What Envoy's bootstrap is printed for.
#[derive(Debug, Clone, Copy)]
pub struct EnvoyConfig<'a> {
    /// Where Envoy listens.
    pub listen: SocketAddr,
    /// The server's certificate, PEM.
    pub certificate: &'a Path,
    /// The server's private key, PEM.
    pub key: &'a Path,
    /// The filter.
    pub module: &'a Path,
    /// The access log's file.
    pub access_log: &'a Path,
    /// More options of `envoy-config`, as on the command line.
    pub options: &'a [&'a str],
}

/// Whom a policy admits.
#[derive(Debug, Clone)]
pub enum Allow<'a> {
    /// All users who can sign in.
    Everyone,
    /// These addresses.
    Emails(&'a [&'a str]),
}

impl ControlService {
    /// Adds an application; its audience is the answer.
    ///
    /// # Errors
    /// As [`Self::command`].
    pub fn add_application(&self, new: &NewApplication<'_>) -> Result<String> {
        #[derive(Deserialize)]
        struct Answer {
            audience: String,
        }
        let mut arguments = vec![
            "application",
            "add",
            new.name,
            "--origin",
            new.origin,
            "--session-duration",
            new.session_duration,
            "--binding-cookie",
            if new.binding_cookie { "true" } else { "false" },
            "--http-only",
            if new.http_only { "true" } else { "false" },
            "--same-site",
            new.same_site,
        ];
        match new.allow {
            Allow::Everyone => arguments.push("--allow-everyone"),
            Allow::Emails(emails) => {
                arguments.extend(emails.iter().flat_map(|email| ["--allow-email", email]));
            }
        }
        arguments.extend(new.options);
        let answer: Answer = self.command(&arguments)?;
        Ok(answer.audience)
    }

    /// Replaces the policy of an application by rules, in the form of the configuration file.
    ///
    /// # Errors
    /// When the service does not answer, or refuses.
    pub fn set_policy(&self, application: &str, rules: &Value) -> Result<()> {
        let socket = self.data.join("control.sock");
        let client = Client::builder().no_proxy().unix_socket(socket).build()?;
        let change = json!({ "name": application, "changes": { "policy": rules } });
        let answer = client
            .post("http://control/applications/set")
            .json(&change)
            .send()?;
        if !answer.status().is_success() {
            bail!("the policy of {application} is refused: {}", answer.text()?);
        }
        Ok(())
    }

    /// Envoy's bootstrap for the applications that exist.
    ///
    /// # Errors
    /// As [`Self::command`].
    pub fn envoy_config(&self, config: &EnvoyConfig<'_>) -> Result<String> {
        #[derive(Deserialize)]
        struct Answer {
            bootstrap: String,
        }
        let listen = config.listen.to_string();
        let mut arguments = vec!["envoy-config", "--listen", &listen];
        for (option, file) in [
            ("--certificate", config.certificate),
            ("--key", config.key),
            ("--module", config.module),
            ("--access-log", config.access_log),
        ] {
            let file = file.to_str();
            arguments.extend([option, file.context("a path that is not UTF-8")?]);
        }
        arguments.extend(config.options);
        let answer: Answer = self.command(&arguments)?;
        Ok(answer.bootstrap)
    }
}
