//! `backup`: copies the database, while the service runs or not.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::restore::{RestoreError, path_in, url};
use crate::audit::Actor;
use crate::config::Config;
use crate::storage::{copy_sqlite, note_backup};
use crate::system::os_user;

/// A backup that was made.
#[derive(Debug, Serialize)]
pub struct BackedUp {
    /// The file.
    pub file: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// Why the audit log does not tell of it; absent if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_audited: Option<String>,
}

/// Copies a SQLite database, which may be in use, to a new file.
///
/// # Errors
/// When there is no backup then.
pub async fn backup(
    config: &Config,
    data_dir: &Path,
    file: &Path,
) -> Result<BackedUp, RestoreError> {
    let database = path_in(&url(config, data_dir))?;
    let bytes = copy_sqlite(&database, file).await?;
    let by = Actor::command_line(Some(os_user::own())).into();
    // A database that cannot be written can be copied all the same.
    let noted = note_backup(&database, file, &by).await;
    Ok(BackedUp {
        file: file.to_owned(),
        bytes,
        not_audited: noted.err().map(|error| error.to_string()),
    })
}
