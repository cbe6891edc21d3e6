//! `backup` and `restore`.

use std::path::PathBuf;

use clap::Args;

/// `backup`.
#[derive(Debug, Args)]
pub struct BackupArguments {
    /// The new file
    pub file: PathBuf,
}

/// `restore`.
#[derive(Debug, Args)]
pub struct RestoreArguments {
    /// A backup to put in place of the SQLite database; the replaced database is kept beside it as
    /// `….replaced`
    pub file: Option<PathBuf>,
}
