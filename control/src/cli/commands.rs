//! The commands that call the running service.

mod access_group;
mod admin_token;
mod application;
mod audit;
pub mod envoy_config;
mod filter_credential;
mod key;
mod policy;
mod proxy;
mod revocation;
mod revoke;
mod service_token;
mod session;
mod toml_file;
mod user;

use std::path::Path;

use super::arguments::{Arguments, Command};
use super::client::Client;
use super::error::CliError;
use super::output::Output;

pub fn run(command: &Command, arguments: &Arguments, output: Output) -> Result<(), CliError> {
    let data_dir = &arguments.data_dir;
    let client = match &arguments.server {
        Some(server) => Client::remote(server)?,
        None => Client::new(data_dir),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(dispatch(command, data_dir, &client, output))
}

async fn dispatch(
    command: &Command,
    data_dir: &Path,
    client: &Client,
    output: Output,
) -> Result<(), CliError> {
    match command {
        // These run without the service.
        Command::Serve
        | Command::Try(_)
        | Command::Check
        | Command::Backup(_)
        | Command::Restore(_)
        | Command::Token(_)
        | Command::Provider(_)
        | Command::Completions { .. }
        | Command::Man { .. }
        | Command::Openapi => Ok(()),
        Command::User(command) => user::run(command, client, output).await,
        Command::Application(command) => application::run(command, client, output).await,
        Command::Policy(command) => policy::run(command, client, output).await,
        Command::AccessGroup(command) => access_group::run(command, client, output).await,
        Command::Session(command) => session::run(command, client, output).await,
        Command::Key(command) => key::run(command, client, output).await,
        Command::Revoke(command) => revoke::run(command, client, output).await,
        Command::AdminToken(command) => admin_token::run(command, client, output).await,
        Command::Audit(command) => audit::run(command, client, output).await,
        Command::Revocation(command) => revocation::run(command, client, output).await,
        Command::EnvoyConfig(options) => envoy_config::run(options, data_dir, client, output).await,
        Command::Proxy(command) => proxy::run(command, client, output).await,
        Command::ServiceToken(command) => service_token::run(command, client, output).await,
        Command::FilterCredential(command) => filter_credential::run(command, client, output).await,
        #[cfg(feature = "test-clock")]
        Command::TestClock { offset_seconds } => {
            let shift = crate::api::test_clock::ClockShift {
                offset_seconds: *offset_seconds,
            };
            let shift: crate::api::test_clock::ClockShift =
                client.post("/test/clock", &shift).await?;
            output.result(&shift, || {
                format!("The clock is off by {} s.", shift.offset_seconds)
            });
            Ok(())
        }
    }
}
