//! The data directory: the SQLite database, the control socket, `run.json`. Only its owner may open
//! it, because it holds the database and the key that seals its
//! secrets.

use std::fs::{DirBuilder, OpenOptions, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use portcullis::protocol::origin::Origin;
use serde::{Deserialize, Serialize};
use tokio::net::{UnixListener, UnixStream};

/// The name of the control socket in the data directory.
pub const CONTROL_SOCKET: &str = "control.sock";
const RUN_FILE: &str = "run.json";
const DATABASE: &str = "portcullis.db";

/// The longest path of a Unix socket in bytes: `sun_path` less its final zero.
const MAX_SOCKET_PATH_BYTES: usize = 107;

/// A data directory that this process may use.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
}

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// It cannot be created or written.
    #[error("the data directory {} cannot be used: {source}", path.display())]
    Unusable {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The path of the socket is too long for the system.
    #[error(
        "the path of the control socket, {}, is longer than {MAX_SOCKET_PATH_BYTES} bytes, which \
         the system does not allow; choose a data directory with a shorter path with --data-dir",
        path.display()
    )]
    PathTooLong {
        /// The socket.
        path: PathBuf,
    },
    /// Another service uses it.
    #[error(
        "a service is already running with the data directory {}; stop it first, or choose \
         another directory with --data-dir",
        path.display()
    )]
    InUse {
        /// The directory.
        path: PathBuf,
    },
}

/// `run.json`: where the running service is.
#[derive(Debug, Serialize, Deserialize)]
pub struct RunFile {
    /// The team domain.
    pub team_domain: Origin,
    /// The listener for people.
    pub listen: SocketAddr,
    /// The listener for filters.
    pub filters: SocketAddr,
    /// The listener for metrics, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<SocketAddr>,
    /// The process.
    pub pid: u32,
}

impl RunFile {
    /// Reads the file in a data directory.
    ///
    /// # Errors
    /// When there is none, as where no service runs, or it cannot be read.
    pub fn read(data_dir: &Path) -> std::io::Result<Self> {
        let bytes = std::fs::read(data_dir.join(RUN_FILE))?;
        Ok(serde_json::from_slice(&bytes)?)
    }
}

impl DataDir {
    /// Creates the directory if it does not exist, and checks that no other service uses it.
    ///
    /// # Errors
    /// When it cannot be used.
    pub async fn prepare(path: &Path) -> Result<Self, DataDirError> {
        let data_dir = Self {
            path: path.to_owned(),
        };
        let socket = data_dir.socket();
        if socket.as_os_str().len() > MAX_SOCKET_PATH_BYTES {
            return Err(DataDirError::PathTooLong { path: socket });
        }
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(|source| data_dir.unusable(source))?;
        if UnixStream::connect(&socket).await.is_ok() {
            return Err(DataDirError::InUse {
                path: path.to_owned(),
            });
        }
        data_dir.remove_run_files();
        Ok(data_dir)
    }

    /// SQLite gives its other files the permissions of the database file.
    fn keep_database_private(&self) -> Result<(), DataDirError> {
        OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(self.path.join(DATABASE))
            .map(|_| ())
            .map_err(|source| self.unusable(source))
    }

    /// The path of the control socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.path.join(CONTROL_SOCKET)
    }

    /// SQLite in this directory, in a file that only its owner may read.
    ///
    /// # Errors
    /// When the directory cannot be written.
    pub fn default_database_url(&self) -> Result<String, DataDirError> {
        self.keep_database_private()?;
        Ok(Self::database_url_in(&self.path))
    }

    /// The same, without creating anything.
    #[must_use]
    pub fn database_url_in(data_dir: &Path) -> String {
        format!("sqlite://{}", data_dir.join(DATABASE).display())
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Listens on the control socket. It gets its name only after its permissions are restricted.
    ///
    /// # Errors
    /// When the directory cannot be written.
    pub fn bind_socket(&self) -> Result<UnixListener, DataDirError> {
        let bind = || {
            let unready = self.path.join("control.new");
            match std::fs::remove_file(&unready) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let listener = UnixListener::bind(&unready)?;
            std::fs::set_permissions(&unready, Permissions::from_mode(0o600))?;
            std::fs::rename(&unready, self.socket())?;
            Ok(listener)
        };
        bind().map_err(|source| self.unusable(source))
    }

    /// Writes where the service listens.
    ///
    /// # Errors
    /// When the directory cannot be written.
    pub fn write_run_file(&self, run: &RunFile) -> Result<(), DataDirError> {
        let write = || {
            let unready = self.path.join("run.new");
            std::fs::write(&unready, serde_json::to_vec(run)?)?;
            std::fs::rename(&unready, self.path.join(RUN_FILE))
        };
        write().map_err(|source| self.unusable(source))
    }

    /// Removes the socket and `run.json`, also those that a killed process left behind.
    pub fn remove_run_files(&self) {
        for name in [RUN_FILE, CONTROL_SOCKET] {
            // A missing file is fine; other errors show when the files are written.
            let _ = std::fs::remove_file(self.path.join(name));
        }
    }

    fn unusable(&self, source: std::io::Error) -> DataDirError {
        DataDirError::Unusable {
            path: self.path.clone(),
            source,
        }
    }
}
