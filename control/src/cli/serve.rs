//! `serve`: runs the service until a signal stops it.

use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::arguments::Arguments;
use super::check::load;
use super::error::CliError;
use super::output::Output;
use crate::server::{self, Running, Start};

pub fn serve(arguments: &Arguments, output: Output) -> Result<(), CliError> {
    let start = start(arguments)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let result = runtime.block_on(async {
        // Before the service starts, so that no signal is missed.
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut running = server::start(start).await?;
        show_first_start(&running, output);
        let failed = tokio::select! {
            _ = terminate.recv() => None,
            _ = interrupt.recv() => None,
            failed = running.failed() => Some(failed),
        };
        running.stop().await;
        match failed {
            Some(failed) => Err(failed.into()),
            None => Ok(()),
        }
    });
    // A password that is being hashed must not delay the exit.
    runtime.shutdown_background();
    result
}

fn start(arguments: &Arguments) -> Result<Start, CliError> {
    let mut start = Start::new(load(arguments)?, arguments.data_dir.clone());
    start.first_start = arguments.config.is_none();
    Ok(start)
}

/// Shows once what was made. It is not logged, because logs are kept and others read them.
fn show_first_start(running: &Running, output: Output) {
    let Some(made) = &running.first_start else {
        return;
    };
    let team_domain = running.service.team_domain.to_string();
    let object = json!({
        "team_domain": team_domain,
        "listen": running.listen,
        "filters": running.filters,
        "first_start": made,
    });
    output.result(&object, || {
        format!(
            "Portcullis runs for the first time. Store the following; it is not shown again.\n\n\
             \x20 Sign in at         {team_domain}\n\
             \x20 E-mail address     {}\n\
             \x20 Password           {}\n\n\
             \x20 Filter API         http://{}\n\
             \x20 Filter credential  {}\n\n\
             Nothing is guarded yet: people reach applications through Envoy, which is not part of \
             this service.\nTo see all of it on this machine, with an application of your own, stop \
             this and run\n\n\
             \x20 portcullis-control try --app wiki=http://127.0.0.1:3000\n",
            made.email, made.password, running.filters, made.filter_credential
        )
    });
}
