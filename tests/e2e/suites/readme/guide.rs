//! Follows the README: its configuration, its commands, and the Envoy configuration that they print.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use axum::Router;
use portcullis_demo::browser::Browser;
use portcullis_demo::certificates::Certificates;
use portcullis_demo::control::{ControlService, EnvoyConfig, User};
use portcullis_demo::envoy::{self, Envoy};
use portcullis_demo::origin::Origin;
use portcullis_demo::ports::free_port;
use portcullis_demo::tools::Tools;
use portcullis_e2e::directories;
use serde_json::Value;

/// The application's hostname, in place of the README's.
pub const WIKI: &str = "wiki.localhost";
/// The team domain's hostname, in place of the README's.
pub const TEAM: &str = "team.localhost";

/// What the README's commands made.
pub struct Guide {
    /// Ends with the guide.
    _envoy: Envoy,
    pub control: ControlService,
    pub origin: Option<Origin>,
    pub certificates: Certificates,
    pub user: User,
    pub bootstrap: PathBuf,
    pub port: u16,
    pub redirect_port: u16,
}

impl Guide {
    /// Follows the README to its end, in a directory of its own. Ports, hostnames and files are
    /// others here, and nothing else.
    pub fn follow(name: &str, application: Router) -> Result<Self> {
        Self::follow_with(name, application, &[])
    }

    /// The same, with more of the options that `envoy-config --help` lists.
    pub fn follow_with(name: &str, application: Router, more: &[&str]) -> Result<Self> {
        let tools = Tools::find("control-with-clock")?;
        let directory = directories::of_stand(name)?;
        fs::create_dir_all(&directory)?;
        let certificates = Certificates::make(&directory, &[TEAM, WIKI])?;
        let origin = Origin::start(application)?;
        let (port, redirect_port) = (free_port()?, free_port()?);
        let here = |text: &str| {
            text.replace("team.example.com", &format!("{TEAM}:{port}"))
                .replace("wiki.example.com", &format!("{WIKI}:{port}"))
                .replace(
                    "http://127.0.0.1:3000",
                    &format!("http://{}", origin.address()),
                )
                .replace("127.0.0.1:8081", "127.0.0.1:0")
                .replace("127.0.0.1:8082", "127.0.0.1:0")
                .replace(
                    "--redirect-port 80",
                    &format!("--redirect-port {redirect_port}"),
                )
        };
        let section = section()?;
        let control =
            ControlService::start(&tools.control, &directory, &here(&block(&section, "toml")?))?;

        let (mut user, mut credential, mut bootstrap) = (None, None, None);
        for command in commands(&section) {
            let command = here(&command);
            let words: Vec<&str> = command.split_whitespace().collect();
            match words.as_slice() {
                ["user", ..] => user = Some(control.command::<User>(&words)?),
                ["filter-credential", ..] => {
                    let made: Value = control.command(&words)?;
                    let made = made.get("credential").and_then(Value::as_str);
                    credential = made.map(ToOwned::to_owned);
                }
                ["envoy-config", options @ .., ">", _file] => {
                    bootstrap = Some(control.envoy_config(&EnvoyConfig {
                        listen: (Ipv4Addr::LOCALHOST, port).into(),
                        certificate: &certificates.certificate,
                        key: &certificates.key,
                        module: &tools.module,
                        access_log: &directory.join("access.log"),
                        options: &[options, more].concat(),
                    })?);
                }
                ["application", ..] => {
                    control.command::<Value>(&words)?;
                }
                ["--config", _, "serve"] => {}
                _ => bail!("the README has a command that this test does not know: {command}"),
            }
        }
        let file = directory.join("envoy.yaml");
        fs::write(&file, bootstrap.context("no envoy-config")?)?;
        let envoy = Envoy::start(&envoy::Settings {
            program: &tools.envoy,
            directory: &directory,
            bootstrap: &file,
            credential: &credential.context("no filter credential")?,
            node: None,
            workers: 2,
            drain: envoy::DRAIN,
        })?;
        Ok(Self {
            _envoy: envoy,
            control,
            origin: Some(origin),
            certificates,
            user: user.context("no user")?,
            bootstrap: file,
            port,
            redirect_port,
        })
    }

    /// The address of a path of the application.
    pub fn url(&self, path: &str) -> String {
        format!("https://{WIKI}:{}{path}", self.port)
    }

    /// A browser that is signed in to the application.
    pub fn signed_in(&self) -> Result<Browser> {
        let mut browser = Browser::new(&self.certificates.authority)?;
        let page = browser.sign_in(&self.url("/"), &self.user)?;
        anyhow::ensure!(page.status == 200, "{}: {}", page.url, page.status);
        Ok(browser)
    }
}

/// The README's section about one's own application.
fn section() -> Result<String> {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = fs::read_to_string(readme)?;
    let section = readme
        .split("\n## ")
        .find(|part| part.starts_with("Protect your own"));
    Ok(section.context("no section")?.to_owned())
}

/// The first block in a language.
fn block(section: &str, language: &str) -> Result<String> {
    let after = section.split(&format!("```{language}\n")).nth(1);
    let block = after.and_then(|rest| rest.split("```").next());
    Ok(block.with_context(|| format!("no {language}"))?.to_owned())
}

/// The commands of `portcullis-control`, without its name. A line that ends with `\` goes on.
fn commands(section: &str) -> Vec<String> {
    let joined = section.replace("\\\n", " ");
    let indented = joined.lines().filter_map(|line| line.strip_prefix("    "));
    let commands = indented.filter_map(|line| line.strip_prefix("portcullis-control "));
    commands.map(ToOwned::to_owned).collect()
}
