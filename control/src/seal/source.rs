//! Where the keys that seal come from: `keys.seal`, or else a file in the data directory.

use std::fmt;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::key::SealKey;
use crate::config::settings::SealConfig;

/// The file in the data directory.
const OWN_FILE: &str = "seal.key";
const OWNER_ONLY: u32 = 0o600;
const MAX_KEYS: usize = 16;

/// Where the keys come from. Each line is a key; the first one seals.
#[derive(Debug, Clone)]
pub enum Source {
    /// The file in the data directory, which the service makes itself.
    Own(PathBuf),
    /// A file that the operator provides.
    File(PathBuf),
    /// A variable of the environment.
    Environment(String),
}

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It cannot be read or written.
    #[error("the keys that seal secrets cannot be used: {place}: {source}")]
    Unusable {
        /// Where.
        place: String,
        /// What the system says.
        source: io::Error,
    },
    /// There is nothing.
    #[error(
        "{0} does not exist, and secrets in the database are sealed by a key that it held: put it \
         back, or let keys.seal name another place; if it is lost, run `restore`, which makes new \
         keys and ends all sessions"
    )]
    Missing(String),
    /// The variable is not set.
    #[error("{0} is not set; keys.seal names it")]
    NotSet(String),
    /// A line is no key.
    #[error(
        "{place}, line {line}: must be a key of 32 bytes in base64url (43 characters); \
         `portcullis-control key new-seal` prints a new one"
    )]
    NotAKey {
        /// Where.
        place: String,
        /// The line, from 1.
        line: usize,
    },
    /// There are none, or too many.
    #[error("{place} has {count} keys; it must have 1 to {MAX_KEYS}, one on each line")]
    Count {
        /// Where.
        place: String,
        /// How many there are.
        count: usize,
    },
}

impl Source {
    /// The configured source, or the file in the data directory.
    #[must_use]
    pub fn of(configured: Option<&SealConfig>, data_dir: &Path) -> Self {
        match configured {
            None => Self::Own(data_dir.join(OWN_FILE)),
            Some(SealConfig::File(path)) => Self::File(path.clone()),
            Some(SealConfig::Environment(name)) => Self::Environment(name.clone()),
        }
    }

    /// Whether the service makes the keys itself.
    #[must_use]
    pub fn is_own(&self) -> bool {
        matches!(self, Self::Own(_))
    }

    /// The keys. `None` if the service may make its own, and has not yet.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn read(&self) -> Result<Option<Vec<SealKey>>, SourceError> {
        let text = match self {
            Self::Environment(name) => {
                std::env::var(name).map_err(|_| SourceError::NotSet(self.to_string()))?
            }
            Self::Own(path) | Self::File(path) => match fs::read_to_string(path) {
                Ok(text) => text,
                Err(error) if self.is_own() && error.kind() == ErrorKind::NotFound => {
                    return Ok(None);
                }
                Err(error) => return Err(self.unusable(error)),
            },
        };
        self.parse(&text).map(Some)
    }

    /// Replaces the file in the data directory. Only its owner may read it.
    ///
    /// # Errors
    /// When it is as it was.
    pub fn write(&self, keys: &[SealKey]) -> Result<(), SourceError> {
        let Self::Own(path) = self else {
            let refused = io::Error::new(ErrorKind::PermissionDenied, "only its owner changes it");
            return Err(self.unusable(refused));
        };
        let lines: String = keys.iter().map(|key| key.to_text() + "\n").collect();
        let unready = path.with_extension("new");
        let write = || {
            let mut file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(OWNER_ONLY)
                .open(&unready)?;
            file.set_permissions(Permissions::from_mode(OWNER_ONLY))?;
            file.write_all(lines.as_bytes())?;
            file.sync_all()?;
            fs::rename(&unready, path)?;
            match path.parent() {
                Some(directory) => File::open(directory)?.sync_all(),
                None => Ok(()),
            }
        };
        write().map_err(|error| self.unusable(error))
    }

    /// Whether others may read a file. One that an operator provides may belong to a group.
    #[must_use]
    pub fn is_open_to_others(&self) -> bool {
        let (path, others) = match self {
            Self::Environment(_) => return false,
            Self::Own(path) => (path, 0o077),
            Self::File(path) => (path, 0o007),
        };
        fs::metadata(path).is_ok_and(|file| file.permissions().mode() & others != 0)
    }

    fn parse(&self, text: &str) -> Result<Vec<SealKey>, SourceError> {
        let lines = text.lines().map(str::trim).enumerate();
        let mut keys = Vec::new();
        for (index, line) in lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
            keys.push(SealKey::parse(line).ok_or_else(|| SourceError::NotAKey {
                place: self.to_string(),
                line: index + 1,
            })?);
        }
        if keys.is_empty() || keys.len() > MAX_KEYS {
            return Err(SourceError::Count {
                place: self.to_string(),
                count: keys.len(),
            });
        }
        Ok(keys)
    }

    fn unusable(&self, source: io::Error) -> SourceError {
        SourceError::Unusable {
            place: self.to_string(),
            source,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own(path) | Self::File(path) => write!(f, "the file {}", path.display()),
            Self::Environment(name) => write!(f, "the variable {name}"),
        }
    }
}
