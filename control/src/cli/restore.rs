//! `backup` and `restore`: work on the database itself.

use super::arguments::{Arguments, BackupArguments, RestoreArguments};
use super::check::load;
use super::error::CliError;
use super::output::Output;
use crate::server::Start;
use crate::server::{backup, restore};

pub fn backup(
    request: &BackupArguments,
    arguments: &Arguments,
    output: Output,
) -> Result<(), CliError> {
    let config = load(arguments)?;
    let made = runtime()?.block_on(backup::backup(&config, &arguments.data_dir, &request.file))?;
    if let Some(why) = &made.not_audited {
        output.notice(&format!(
            "The audit log does not tell of this backup: {why}."
        ));
    }
    output.result(&made, || {
        format!(
            "Wrote {} ({} bytes). It holds addresses and password hashes: keep it where nobody \
             else can read it. Its signing keys are sealed: keep the seal key elsewhere.",
            made.file.display(),
            made.bytes
        )
    });
    Ok(())
}

pub fn restore(
    request: &RestoreArguments,
    arguments: &Arguments,
    output: Output,
) -> Result<(), CliError> {
    let config = load(arguments)?;
    let start = Start::new(config, arguments.data_dir.clone());
    let restored = runtime()?.block_on(restore::restore(
        &start.config,
        &start.data_dir,
        request.file.as_deref(),
        start.clock.as_ref(),
    ))?;
    output.result(&restored, || {
        let mut text = format!(
            "Restored. All tokens have ended: the feed has a new epoch and version {}, and the key \
             {} signs. {} in the backup were ended.\n\
             Start the service now. Then repeat what was changed since the backup: disabled and \
             removed users, changed passwords, policies, revoked filter credentials and admin tokens.",
            restored.version,
            restored.kid,
            sessions(restored.sessions_ended)
        );
        if let Some(replaced) = &restored.replaced {
            text += &format!(
                "\nThe replaced database is {}; delete it when you do not need it.",
                replaced.display()
            );
        }
        text
    });
    Ok(())
}

fn sessions(count: u64) -> String {
    match count {
        1 => "1 session".to_owned(),
        count => format!("{count} sessions"),
    }
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}
