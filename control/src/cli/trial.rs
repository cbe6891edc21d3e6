//! `try`: an application behind Portcullis on this machine, until a signal ends it.

use std::env;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use super::arguments::{Arguments, TryApplication, TryOptions};
use super::error::CliError;
use super::output::{Output, table};
use crate::applications::{Draft, Upstream};
use crate::config::Config;
use crate::local::programs::{Programs, on_path};
use crate::local::{Local, LocalApplication, LocalError, Settings, directory_of};
use crate::policy::rules::everyone;
use crate::tokens::secret::Plain;

const EMAIL: &str = "you@example.com";
/// How long a server on this machine may take to accept a connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(1);

pub fn run(options: &TryOptions, arguments: &Arguments, output: Output) -> Result<(), CliError> {
    if arguments.config.is_some() {
        return Err(CliError::TryWithConfig);
    }
    let mut names: Vec<String> = Vec::new();
    for application in &options.applications {
        let name = application.name.to_string();
        if names.contains(&name) {
            return Err(CliError::TryTwice(name));
        }
        names.push(name);
    }
    let programs = Programs::find()?;
    let directory = directory_of(&arguments.data_dir, options.port);
    let settings = Settings {
        data_dir: directory.clone(),
        directory,
        port: options.port,
        config: Config::load(None, std::iter::empty())?,
        applications: options
            .applications
            .iter()
            .map(|application| guarded(application, options.port))
            .collect(),
        email: EMAIL.to_owned(),
        programs,
    };
    let starting = || output.notice("The control service runs. Starting Envoy …");
    let mut local = Local::start(settings, starting).map_err(|error| match error {
        LocalError::Port(_) | LocalError::AlreadyRunning { .. } => CliError::TryPort(error),
        error => error.into(),
    })?;
    for application in options
        .applications
        .iter()
        .filter(|one| !answers(&one.upstream))
    {
        output.notice(&format!(
            "Nothing answers at {} yet: start {} there.",
            application.upstream, application.name
        ));
    }
    show(
        &local,
        &absolute(&directory_of(&arguments.data_dir, options.port)),
        output,
    );
    local.wait()?;
    Ok(())
}

/// The server is what the option says. Everything else can be changed by other commands, and stays.
fn guarded(application: &TryApplication, port: u16) -> LocalApplication {
    LocalApplication {
        name: application.name.to_string(),
        settings: Draft {
            upstream: Some(application.upstream.to_string()),
            ..Draft::default()
        },
        first: Draft {
            origins: Some(vec![application.name.origin(port)]),
            policy: Some(vec![everyone()]),
            ..Draft::default()
        },
    }
}

/// Whether something accepts connections there.
fn answers(upstream: &Upstream) -> bool {
    use std::net::ToSocketAddrs;
    let addresses = (upstream.host(), upstream.port()).to_socket_addrs();
    addresses.is_ok_and(|mut addresses| {
        addresses.any(|address| TcpStream::connect_timeout(&address, CONNECT_LIMIT).is_ok())
    })
}

fn show(local: &Local, directory: &Path, output: Output) {
    let password = local.account.password.as_ref().map(Plain::reveal);
    let authority = absolute(&local.certificates.authority);
    let object = json!({
        "applications": local.served,
        "left_out": local.left_out,
        "team_domain": local.team_domain,
        "user": local.account.email,
        "password": password,
        "certificate_authority": authority,
        "data_dir": directory,
    });
    output.result(&object, || text(local, password, &authority, directory));
}

fn text(local: &Local, password: Option<&str>, authority: &Path, directory: &Path) -> String {
    let rows: Vec<[String; 3]> = local
        .served
        .iter()
        .map(|one| {
            let server = format!("→ {}", one.upstream);
            [format!("  {}", one.name), one.address.clone(), server]
        })
        .collect();
    let left_out = if local.left_out.is_empty() {
        String::new()
    } else {
        format!(
            "\nNot served, without a server or an address here: {}\n",
            local.left_out.join(", ")
        )
    };
    let first = local.served.first().map_or("", |one| one.address.as_str());
    let command = format!("{} --data-dir {}", program(), quoted(directory));
    format!(
        "\nPortcullis guards\n\n{applications}\n{left_out}\n\
         Sign in as\n\n\
         \x20 e-mail    {email}\n\
         \x20 password  {password}\n\n\
         The browser warns, because it does not know the certificate authority. It was made on this \
         machine and\nis valid for names under localhost only. Accept the certificate, or trust\n\
         {ca}:\n\n\
         \x20 Chromium  Settings, Privacy and security, Security, Manage certificates; or\n\
         \x20           certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n portcullis-{port} -i {ca}\n\
         \x20 Firefox   Settings, Privacy & Security, View Certificates, Authorities, Import\n\
         \x20 curl      curl --cacert {ca} {first}/\n\n\
         In another terminal\n\n\
         \x20 {command} revoke user {email} --wait\n\
         \x20 {command} application list\n\n\
         Data and logs are in {directory}. The next start has the same user, password and\n\
         certificate authority. Ctrl-C ends it.\n",
        applications = body(&rows),
        email = local.account.email,
        password = password.unwrap_or("the one that was set last"),
        ca = quoted(authority),
        port = local.team_domain.port(),
        directory = directory.display(),
    )
}

/// The rows of a table, without headings.
fn body(rows: &[[String; 3]]) -> String {
    let text = table(["", "", ""], rows);
    text.split_once('\n')
        .map_or(String::new(), |(_, rows)| rows.to_owned())
}

/// What to type to run this program from any directory.
fn program() -> String {
    let this = env::current_exe().unwrap_or_default();
    let name = this
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let found = on_path(name, &env::var_os("PATH").unwrap_or_default());
    let found = found.and_then(|path| path.canonicalize().ok());
    if found.is_some_and(|path| path == this) {
        name.to_owned()
    } else {
        quoted(&this)
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// A path as a shell reads it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain =
        |character: char| character.is_ascii_alphanumeric() || "/._-+,=@%".contains(character);
    if text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
